/* What Wireshark's toolbar sends: messages in a row, each within the bytes, until one is malformed. */
#include "extcap/control_message.h"
#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_message message;
	size_t at = 0, used = 1;

	while (used > 0 && control_message_parse(&message, data + at, size - at, &used) == 0) {
		if (used == 0)
			break;
		must(at + used <= size && message.size <= CONTROL_PAYLOAD_MAX);
		must(message.payload + message.size == data + at + used);
		at += used;
	}
	return 0;
}
