/*
 * nginx runs the `set` lines of the server block, then those of the location that it has chosen, not
 * those of the location around that one. So the blocks around the directive are looked through from
 * the inside out, until one sets the variable on no condition (`if`). Where none of them does, another
 * location may have, before a rewrite led here: then any line of the server block counts. What a map
 * has is valid everywhere, unless a `set` has overwritten it.
 */
#include "import/nginx_value.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct search {
	const char *name;
	struct strvec *values;
	bool is_found, is_certain, is_opaque;
};

static void
add_value(struct search *search, const char *value)
{
	search->is_found = true;
	if (*value && !strvec_has(search->values, value))
		strvec_push(search->values, value);
}

/* Takes a line that sets the variable; false: it sets none, or another. */
static bool
take_line(struct search *search, const struct nginx_node *line)
{
	static const char *const others[] = {"auth_request_set", "set_by_lua", "set_by_lua_block",
					     "set_by_lua_file",  "js_set",     "perl_set",
					     "jwt_claim_set",    "set_random", "set_escape_uri"};

	if (strcmp(nginx_node_word(line, 1), search->name) != 0)
		return false;
	if (nginx_node_is(line, "set") && line->count == 3) {
		add_value(search, line->words[2]);
		return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		search->is_opaque |= nginx_node_is(line, others[i]);
	return false;
}

/* Takes the lines of a block, and those of the `if`s in it. */
static void
take_block(struct search *search, const struct nginx_node *block)
{
	for (const struct nginx_node *line = block->first; line; line = line->next) {
		if (take_line(search, line))
			search->is_certain = true;
		if (!nginx_node_is(line, "if"))
			continue;
		for (const struct nginx_node *inner = line->first; inner; inner = inner->next)
			take_line(search, inner);
	}
}

static void
take_all(struct search *search, const struct nginx_node *top)
{
	for (const struct nginx_node *node = nginx_tree_next(top, top); node;
	     node = nginx_tree_next(node, top))
		take_line(search, node);
}

/* Whether a line in the block of a map or the like is a parameter rather than a value. */
static bool
is_parameter(const struct nginx_node *map, const struct nginx_node *line)
{
	return nginx_node_is(line, "include") ||
	       (nginx_node_is(map, "geo") &&
		(nginx_node_is(line, "proxy") || nginx_node_is(line, "delete")));
}

static void
take_maps(struct search *search, const struct nginx_node *context)
{
	for (const struct nginx_node *map = context->first; map; map = map->next) {
		take_line(search, map);
		if ((!nginx_node_is(map, "map") && !nginx_node_is(map, "geo") &&
		     !nginx_node_is(map, "split_clients")) ||
		    strcmp(nginx_node_word(map, map->count - 1), search->name) != 0)
			continue;
		search->is_found = true;
		for (const struct nginx_node *line = map->first; line; line = line->next)
			if (line->count == 2 && !is_parameter(map, line))
				add_value(search, line->words[1]);
	}
}

int
nginx_value_find(const struct nginx_node *node, const char *name, struct strvec *values)
{
	struct search search = {.name = name, .values = values};
	const struct nginx_node *block = node->parent, *server = NULL;
	bool is_in_location = false;

	for (; block && !server; block = block->parent) {
		const bool is_location = nginx_node_is(block, "location");

		if (!search.is_certain && !(is_location && is_in_location))
			take_block(&search, block);
		is_in_location |= is_location;
		if (nginx_node_is(block, "server"))
			server = block;
	}
	if (server && !search.is_found)
		take_all(&search, server);
	if (server && !search.is_certain)
		take_maps(&search, server->parent);
	return search.is_found && !search.is_opaque ? 0 : -1;
}

const char *
nginx_value_first(const char *text, char *name, size_t size, const char **end)
{
	for (const char *at = strchr(text, '$'); at; at = strchr(at + 1, '$')) {
		const bool in_braces = at[1] == '{';
		const char *word = at + 1 + in_braces;
		const size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz"
						   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

		if (length == 0 || (in_braces && word[length] != '}'))
			continue;
		if (length + 2 > size)
			return NULL;
		snprintf(name, size, "$%.*s", (int)length, word);
		*end = word + length + in_braces;
		return at;
	}
	return NULL;
}
