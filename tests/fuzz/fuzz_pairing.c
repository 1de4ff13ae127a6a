/* Lines of pairs: one that was read, printed and read again is the same. */
#include "fuzz.h"
#include "pairing.h"

static char *
printed(const struct pairing *pairing)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out);
	pairing_print(pairing, out);
	must(fclose(out) == 0);
	must(size < PAIRING_TEXT);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size);
	struct pairing pairing, again;
	struct failure why;

	if (pairing_parse(&pairing, line, &why) == 0) {
		char *first = printed(&pairing), *second;

		must(pairing.time_ns >= 0);
		must(pairing_parse(&again, first, &why) == 0);
		second = printed(&again);
		must(strcmp(first, second) == 0);
		free(first);
		free(second);
	}
	free(line);
	return 0;
}
