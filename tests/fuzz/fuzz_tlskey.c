/* Lines of key logs: keys that pass are printed as lines that have the same key and no other. */
#include "fuzz.h"
#include "packet/tlskey.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), printed[TLSKEY_LINE];
	struct tlskeys keys, again;
	const enum tlskey_line verdict = tlskey_parse(&keys, line);

	must(keys.count <= TLSKEY_MOST);
	must(verdict == TLSKEY_GOOD || keys.count == 0);
	for (size_t i = 0; i < keys.count; i++) {
		must(tlskey_print(&keys.list[i], printed) == strlen(printed));
		must(tlskey_parse(&again, printed) == TLSKEY_GOOD && again.count == 1);
		must(again.list[0].label == keys.list[i].label);
		must(memcmp(again.list[0].secret, keys.list[i].secret, again.list[0].size) == 0);
	}
	free(line);
	return 0;
}
