/* The reader of pcap. What is compressed is fuzz_unpack's. */
#include "base/codec.h"
#include "capture.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4 ||
	    (memcmp(data, "\x0a\x0d\x0d\x0a", 4) != 0 && codec_of_magic(data) == CODEC_NONE))
		check_capture(data, size);
	return 0;
}
