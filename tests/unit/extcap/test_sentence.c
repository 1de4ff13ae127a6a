/* Sentences of the extcap protocol, and messages of Wireshark's toolbar. */
#include "tap.h"

#include "extcap/control_message.h"
#include "extcap/sentence.h"

#include <stdlib.h>

static void
sentences(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	sentence_print(out, "value", "arg", "1", "display", "{a}\n\tb=c", "default", NULL, NULL);
	sentence_begin(out, "arg");
	sentence_number(out, "number", 12);
	sentence_field(out, "call", NULL);
	sentence_end(out);
	fclose(out);
	/* A NULL value ends no list of sentence_print: the name after it does. */
	is_str(text, "value {arg=1}{display=(a)  b=c}\narg {number=12}\n",
	       "what the parser would stumble upon is replaced");
	free(text);
}

static void
messages(void)
{
	static uint8_t bytes[2 * (CONTROL_HEAD + CONTROL_PAYLOAD_MAX)];
	static char longest[CONTROL_PAYLOAD_MAX + 10];
	struct control_message message;
	size_t size = control_message_write(bytes, 1, CONTROL_SET, "5m"), used, all;

	ok(size == 8 && memcmp(bytes,
			       "T\0\0\4\1\1"
			       "5m",
			       8) == 0,
	   "a message, byte by byte");
	for (size_t n = 0; n < size; n++)
		if (control_message_parse(&message, bytes, n, &used) < 0 || used != 0)
			ok(false, "%zu bytes of it are not enough", n);
	ok(control_message_parse(&message, bytes, sizeof(bytes), &used) == 0 && used == size &&
	       message.control == 1 && message.command == CONTROL_SET && message.size == 2 &&
	       memcmp(message.payload, "5m", 2) == 0,
	   "it is read back");
	memset(longest, 'x', sizeof(longest) - 1);
	all = control_message_write(bytes, 0, CONTROL_ADD, longest);
	ok(all == CONTROL_HEAD + CONTROL_PAYLOAD_MAX &&
	       control_message_parse(&message, bytes, all, &used) == 0 && used == all,
	   "a long text is cut");
	ok(control_message_parse(&message, (const uint8_t *)"X", 1, &used) < 0, "no message");
	ok(control_message_parse(&message, (const uint8_t *)"T\xff\0\0\0\0", 6, &used) < 0,
	   "one that is too large");
	ok(control_message_parse(&message, (const uint8_t *)"T\0\0\1\0\0", 6, &used) < 0,
	   "one without a command");
}

int
main(void)
{
	sentences();
	messages();
	return done_testing();
}
