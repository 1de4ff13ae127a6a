/*
 * Only the innermost block with any such directive applies. Of a value the end counts: what stands
 * before the last comma may be the client's, and $proxy_add_x_forwarded_for ends with the client's
 * address. Another variable behind the last comma may hold a comma that a client chose.
 */
#include "import/nginx_headers.h"

#include <string.h>
#include <strings.h>

/* Steps over the variable if text begins with it, as $NAME or ${NAME}; else NULL. */
static const char *
skip_variable(const char *text, const char *name)
{
	const bool is_braced = strncmp(text, "${", 2) == 0;
	const size_t length = strlen(name);

	if (*text != '$' || strncmp(text + 1 + is_braced, name, length) != 0)
		return NULL;
	text += 1 + is_braced + length;
	if (is_braced)
		return *text == '}' ? text + 1 : NULL;
	return *text == '_' || (*text >= 'a' && *text <= 'z') ? NULL : text;
}

/* Whether a parameter of Forwarded, or nothing, may stand behind the client: text that no client
 * chooses. */
static bool
is_harmless(const char *rest)
{
	static const char *const ours[] = {"scheme",      "server_name", "server_addr",
					   "server_port", "remote_port", "pid"};

	while ((rest = strchr(rest, '$'))) {
		const char *behind = NULL;

		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours) && !behind; i++)
			behind = skip_variable(rest, ours[i]);
		if (!behind)
			return false;
		rest = behind;
	}
	return true;
}

static bool
ends_with_client(const char *value)
{
	const char *last = strrchr(value, ','), *at = last ? last + 1 : value, *behind;

	at += strspn(at, " ");
	behind = skip_variable(at, "proxy_add_x_forwarded_for");
	if (behind)
		return *behind == '\0';
	if (strncasecmp(at, "for=", 4) == 0)
		at += 4;
	at += strspn(at, "\"[");
	behind = skip_variable(at, "remote_addr");
	if (!behind)
		behind = skip_variable(at, "realip_remote_addr");
	return behind && is_harmless(behind);
}

void
nginx_headers_find(const struct nginx_node *block, const char *directive, struct strvec *headers)
{
	while (block && !nginx_node_child(block, directive))
		block = block->parent;
	for (const struct nginx_node *node = block ? block->first : NULL; node; node = node->next)
		if (nginx_node_is(node, directive) && node->count > 2 &&
		    ends_with_client(node->words[2]))
			strvec_push(headers, node->words[1]);
}
