/* The reader of pcapng: the input is what follows the type of the first block. */
#include "capture.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = pcapng_of(data, &size);

	check_capture(file, size);
	free(file);
	return 0;
}
