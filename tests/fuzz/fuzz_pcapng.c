/* The reader of pcapng: the input is what follows the type of the first block. */
#include "capture.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = malloc(size + 4);

	must(file);
	memcpy(file, "\x0a\x0d\x0d\x0a", 4);
	if (size)
		memcpy(file + 4, data, size);
	check_capture(file, size + 4);
	free(file);
	return 0;
}
