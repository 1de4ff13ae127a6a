/* What was lost: one text for machines, read back as it was written, and one for people. */
#include "packet/loss.h"
#include "tap.h"

#include <stdlib.h>

static void
test_texts(void)
{
	const struct loss one = {LOSS_LISTEN_OVERFLOWS, 21, "192.0.2.10:443"};
	char text[LOSS_TEXT_MAX];

	loss_format(&one, text);
	is_str(text, "21 ListenOverflows 192.0.2.10:443", "written");
	loss_tell(&one, text);
	is_str(text, "21 SYNs dropped, an accept queue was full: 192.0.2.10:443", "told");
	loss_tell(&(struct loss){LOSS_BACKLOG, 1, ""}, text);
	is_str(text, "1 segment dropped, a socket's backlog was full", "one, of no known place");
}

static void
test_every_kind(void)
{
	bool same = true;

	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		const struct loss wrote = {kind, UINT64_MAX, "eth0 [2001:db8::1]:443"};
		struct loss read = {0};
		char text[LOSS_TEXT_MAX];

		loss_format(&wrote, text);
		same &= loss_parse(&read, text) && read.kind == wrote.kind &&
			read.count == wrote.count && strcmp(read.place, wrote.place) == 0;
		loss_tell(&wrote, text);
		same &= strstr(text, wrote.place) != NULL;
	}
	ok(same, "every kind is read as it was written");
}

static void
test_what_is_refused(void)
{
	static const char *const wrong[] = {
	    "",
	    "21",
	    "21 ",
	    "ListenOverflows",
	    "0 ListenOverflows",
	    "-1 ListenOverflows",
	    " 1 ListenOverflows",
	    "1  ListenOverflows",
	    "1 ListenOverflow",
	    "1 ListenOverflowss",
	    "1 ListenOverflows ",
	    "1 ListenOverflows \033[2J",
	    "1 ListenOverflows a\tb",
	    "18446744073709551616 ListenOverflows",
	    "999999999999999999999999999 ListenOverflows",
	};
	struct loss loss = {LOSS_SOFTNET, 7, "as before"};
	char longest[LOSS_TEXT_MAX + 64] = "1 rx_dropped ";

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ok(!loss_parse(&loss, wrong[i]), "refused: '%s'", wrong[i]);
	memset(longest + 13, 'x', LOSS_PLACE_MAX);
	ok(!loss_parse(&loss, longest), "a place that is too long");
	longest[13 + LOSS_PLACE_MAX - 1] = '\0';
	ok(loss.kind == LOSS_SOFTNET && loss.count == 7 && strcmp(loss.place, "as before") == 0,
	   "... and nothing was changed");
	ok(loss_parse(&loss, longest), "the longest one");
}

int
main(void)
{
	test_texts();
	test_every_kind();
	test_what_is_refused();
	return done_testing();
}
