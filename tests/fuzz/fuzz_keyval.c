/* Files of `key value` lines: what was read is there, and can be printed. */
#include "base/keyval.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct keyval kv = KEYVAL_INIT;
	struct failure why;

	if (keyval_parse(&kv, text, &why) < 0)
		must(why.text[0]);
	for (size_t i = 0; i < kv.count; i++) {
		must(keyval_get(&kv, kv.pairs[i].key));
		for (const char *c = kv.pairs[i].value; *c; c++)
			must((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	keyval_release(&kv);
	free(text);
	return 0;
}
