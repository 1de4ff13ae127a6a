#include "base/caller.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 64 /* bytes of a name or an address that are looked at */

static bool
is_plain(unsigned char byte)
{
	return byte < 0x80 && (isalnum(byte) || (byte && strchr("._:@-", byte)));
}

/* Appends text as it is, as far as there is room. */
static void
put(char to[CALLER_MAX], const char *text)
{
	const size_t used = strlen(to);

	snprintf(to + used, CALLER_MAX - used, "%s", text);
}

/* Appends `,KIND:` and the value, up to a byte of stop; nothing if there is none. */
static void
put_value(char to[CALLER_MAX], const char *kind, const char *value, const char *stop)
{
	char text[3 * VALUE_MAX + 1], *end = text;
	size_t length = value ? strcspn(value, stop) : 0;

	if (length == 0)
		return;
	for (size_t i = 0; i < VALUE_MAX && i < length; i++)
		end += is_plain((unsigned char)value[i])
			   ? sprintf(end, "%c", value[i])
			   : sprintf(end, "%%%02X", (unsigned char)value[i]);
	*end = '\0';
	put(to, kind);
	put(to, text);
}

char *
caller_word(const struct caller *caller, char *(*variable)(const char *name), char to[CALLER_MAX])
{
	const char *sudo = variable("SUDO_USER");
	char uid[24];

	*to = '\0';
	snprintf(uid, sizeof(uid), ":%lu", (unsigned long)caller->uid);
	put_value(to, "", caller->login ? caller->login : "-", "");
	put(to, uid);
	put_value(to, ",sudo:", sudo, "");
	if (sudo && *sudo)
		put_value(to, ":", variable("SUDO_UID"), "");
	put_value(to, ",pkexec:", variable("PKEXEC_UID"), "");
	put_value(to, ",ssh:", variable("SSH_CONNECTION"), " ");
	put_value(to, ",cockpit:", variable("COCKPIT_REMOTE_PEER"), "");
	if (caller->other) {
		put(to, ",for:");
		put(to, caller->other);
	}
	return to;
}

bool
caller_is_word(const char *word)
{
	size_t length = 0;

	while (is_plain((unsigned char)word[length]) || word[length] == '%' || word[length] == ',')
		length++;
	return length > 0 && length < CALLER_MAX && !word[length];
}
