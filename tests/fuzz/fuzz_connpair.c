/* Lines of connection pairs: parsed, printed and parsed again, a pair is the same. */
#include "flows/connpair.h"
#include "fuzz.h"

static char *
printed(const struct connpair *pair)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out);
	connpair_print(pair, out);
	must(fclose(out) == 0);
	must(size < CONNPAIR_TEXT);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size);
	struct connpair pair, again;
	struct failure why;

	if (connpair_parse(&pair, line, &why) == 0) {
		char *first = printed(&pair), *second;

		must(pair.time_ns >= 0);
		must(connpair_parse(&again, first, &why) == 0);
		second = printed(&again);
		must(strcmp(first, second) == 0);
		free(first);
		free(second);
	}
	free(line);
	return 0;
}
