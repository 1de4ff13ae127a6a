/*
 * The lines of the log: no value can be taken for another field or line, and none is without bounds.
 */
#include "base/abilities.h"
#include "base/audit.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static void
composes(void)
{
	char longest[5000];
	struct audit audit;

	audit_begin(&audit, "start");
	audit_add(&audit, "id", "shop.20260101_000000");
	audit_add(&audit, "none", NULL);
	audit_add(&audit, "empty", "");
	audit_add(&audit, "engines", "lb1,lb2");
	is_str(audit.text, "start id=shop.20260101_000000 engines=lb1,lb2", "fields");
	audit_begin(&audit, "export");
	/* Break: lib/base/audit.c s/byte > ' ' \&\& byte/byte/ */
	audit_add(&audit, "to", "/x by=root\n<85>evil \"\\\xc3\xa9\x7f");
	is_str(audit.text,
	       "export to=/x\\x20by\\x3droot\\x0a<85>evil\\x20\\x22\\x5c\\xc3\\xa9\\x7f",
	       "a value is one word");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	audit_add(&audit, "long", longest);
	ok(strlen(audit.text) < 700 && strcmp(audit.text + strlen(audit.text) - 4, "a...") == 0,
	   "a long value is cut");
	memset(longest, '\n', sizeof(longest) - 1);
	for (int i = 0; i < 10; i++)
		audit_add(&audit, "more", longest);
	ok(strlen(audit.text) < AUDIT_MAX &&
	       strcmp(audit.text + strlen(audit.text) - 7, "\\x0a...") == 0,
	   "a field without room is left out");
}

static void
parses(void)
{
	enum audit_need need = AUDIT_WANTED;
	struct failure why;

	ok(audit_parse("required", &need, &why) == 0 && need == AUDIT_REQUIRED, "required");
	ok(audit_parse("no", &need, &why) < 0, "or not");
	is_str(why.text, "not 'required': 'no'", "... with a reason");
}

/* Which words of "a bc d" are lacking; compared and freed. */
static void
lacks(const char *said, const char *wanted)
{
	char *words = abilities_lacking("a bc d", said);

	is_str(words, wanted, "abilities");
	free(words);
}

int
main(void)
{
	char *own = abilities_lacking(ABILITIES, ABILITIES);

	composes();
	parses();
	lacks(NULL, "a, bc, d");
	lacks("", "a, bc, d");
	lacks("bc", "a, d");
	lacks("  b  bcd\x1b d", "a, bc");
	lacks("x d y bc a a", "");
	is_str(own, "", "this release lacks nothing of its own");
	free(own);
	return done_testing();
}
