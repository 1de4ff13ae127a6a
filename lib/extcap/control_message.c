#include "extcap/control_message.h"

#include <string.h>

int
control_message_parse(struct control_message *message, const uint8_t *bytes, size_t size,
		      size_t *used)
{
	size_t length;

	*used = 0;
	if (size > 0 && bytes[0] != 'T')
		return -1;
	if (size < CONTROL_HEAD)
		return 0;
	length = (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
	if (length < 2 || length > 2 + CONTROL_PAYLOAD_MAX)
		return -1;
	if (size < 4 + length)
		return 0;
	*message = (struct control_message){bytes[4], bytes[5], bytes + CONTROL_HEAD, length - 2};
	*used = 4 + length;
	return 0;
}

size_t
control_message_write(uint8_t to[CONTROL_HEAD + CONTROL_PAYLOAD_MAX], uint8_t control,
		      enum control_command command, const char *text)
{
	const size_t size = strnlen(text, CONTROL_PAYLOAD_MAX), length = size + 2;

	to[0] = 'T';
	to[1] = (uint8_t)(length >> 16);
	to[2] = (uint8_t)(length >> 8);
	to[3] = (uint8_t)length;
	to[4] = control;
	to[5] = (uint8_t)command;
	memcpy(to + CONTROL_HEAD, text, size);
	return CONTROL_HEAD + size;
}
