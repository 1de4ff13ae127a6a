/*
 * Messages of Wireshark's interface toolbar, which it and the extcap program exchange over two pipes
 * (WSDG, "Toolbar Controls"): 'T', the length of what follows in three bytes, most significant first,
 * the control's number, a command, a payload.
 */
#ifndef VCAP_CONTROL_MESSAGE_H
#define VCAP_CONTROL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum control_command {
	CONTROL_INITIALIZED, /* from Wireshark, once */
	CONTROL_SET,         /* either way: a value */
	CONTROL_ADD,         /* to Wireshark: to the log, or a choice of a selector */
	CONTROL_REMOVE,
	CONTROL_ENABLE,
	CONTROL_DISABLE,
	CONTROL_STATUSBAR, /* to Wireshark, for no control: control is 0 */
	CONTROL_INFO,
	CONTROL_WARNING,
	CONTROL_ERROR,
};

enum { CONTROL_PAYLOAD_MAX = 4096, CONTROL_HEAD = 6 };

struct control_message {
	uint8_t control, command;
	const uint8_t *payload; /* part of the bytes that were parsed */
	size_t size;            /* of the payload, at most CONTROL_PAYLOAD_MAX */
};

/* Parses the first message of these bytes. *used is its size, and 0 if more bytes are needed. -1: it is
 * none, or larger than any that is expected; nothing behind it can be read. */
int control_message_parse(struct control_message *message, const uint8_t *bytes, size_t size,
			  size_t *used);

/* Writes a message, whose text is cut if it is longer than CONTROL_PAYLOAD_MAX. Returns its size. */
size_t control_message_write(uint8_t to[CONTROL_HEAD + CONTROL_PAYLOAD_MAX], uint8_t control,
			     enum control_command command, const char *text);

#endif
