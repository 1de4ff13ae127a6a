/*
 * Each record has five bytes of header: type, version, length. Of the records only a hello (the
 * first handshake record) and alerts of two bytes are read; the rest is counted.
 *
 * Where the Finished is: in TLS 1.2 it is the first handshake record (type 22) after
 * ChangeCipherSpec, encrypted, but at its own type. In TLS 1.3 everything behind the ServerHello
 * looks like data (type 23), and the first such record of a side stands for it.
 */
#include "transactions/tls_records.h"

#include <stdlib.h>
#include <string.h>

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
enum { CLIENT_HELLO = 1, SERVER_HELLO = 2 };
enum {
	EXTENSION_NAME = 0,
	EXTENSION_ALPN = 16,
	EXTENSION_EARLY_DATA = 42,
	EXTENSION_VERSIONS = 43,
};

#define TLS_1_3 0x0304

void
tls_records_release(struct tls_records *tls)
{
	free(tls->kept);
	tls->kept = NULL;
}

/* What is left of a message. Reading beyond its end gives zeros, and is_short. */
struct cursor {
	const unsigned char *at, *end;
	bool is_short;
};

static uint32_t
take(struct cursor *cursor, unsigned bytes)
{
	uint32_t value = 0;

	if ((size_t)(cursor->end - cursor->at) < bytes) {
		cursor->is_short = true;
		cursor->at = cursor->end;
		return 0;
	}
	while (bytes--)
		value = value << 8 | *cursor->at++;
	return value;
}

/* A vector whose length stands before it in `bytes` bytes. */
static struct cursor
take_vector(struct cursor *cursor, unsigned bytes)
{
	uint32_t size = take(cursor, bytes);
	struct cursor part = {cursor->at, cursor->at, cursor->is_short};

	if (size > (size_t)(cursor->end - cursor->at)) {
		cursor->is_short = part.is_short = true;
		size = (uint32_t)(cursor->end - cursor->at);
	}
	part.end = cursor->at += size;
	return part;
}

static void
take_text(char *to, size_t room, const struct cursor *from)
{
	size_t size = (size_t)(from->end - from->at);

	if (from->is_short || size >= room || memchr(from->at, '\0', size))
		return;
	memcpy(to, from->at, size);
	to[size] = '\0';
}

static void
take_name(struct tls_records *tls, struct cursor body)
{
	struct cursor list = take_vector(&body, 2), name;

	if (take(&list, 1) != 0)
		return;
	name = take_vector(&list, 2);
	take_text(tls->name, sizeof(tls->name), &name);
}

static void
take_alpn(struct tls_records *tls, struct cursor body)
{
	struct cursor list = take_vector(&body, 2), name = take_vector(&list, 1);

	take_text(tls->alpn, sizeof(tls->alpn), &name);
}

static void
take_extensions(struct tls_records *tls, struct cursor *message, uint8_t kind)
{
	struct cursor list = take_vector(message, 2);

	while (list.at < list.end) {
		uint32_t type = take(&list, 2);
		struct cursor body = take_vector(&list, 2);

		if (list.is_short)
			break;
		if (kind == CLIENT_HELLO && type == EXTENSION_NAME)
			take_name(tls, body);
		else if (kind == CLIENT_HELLO && type == EXTENSION_EARLY_DATA)
			tls->offers_early_data = true;
		else if (kind == SERVER_HELLO && type == EXTENSION_VERSIONS)
			tls->version = (uint16_t)take(&body, 2);
		else if (kind == SERVER_HELLO && type == EXTENSION_ALPN)
			take_alpn(tls, body);
	}
}

/* The hello is complete, or as much of it as is kept. Whether it is one. */
static bool
take_hello(struct tls_records *tls)
{
	struct cursor message = {tls->kept, tls->kept + tls->size, false};
	uint8_t kind = (uint8_t)take(&message, 1);
	struct cursor body = take_vector(&message, 3);
	uint16_t version;

	if (kind != CLIENT_HELLO && kind != SERVER_HELLO)
		return false;
	body.is_short = false; /* cut by what is kept, or in several records */
	version = (uint16_t)take(&body, 2);
	for (int i = 0; i < 4; i++)
		take(&body, 8); /* the random; what is dropped is not looked at */
	take_vector(&body, 1);
	if (kind == CLIENT_HELLO) {
		take_vector(&body, 2);
		take_vector(&body, 1);
	} else {
		take(&body, 3);
		tls->version = version;
	}
	if (!body.is_short)
		take_extensions(tls, &body, kind);
	tls->has_hello = true;
	return true;
}

bool
tls_records_begin(const unsigned char *bytes, size_t size)
{
	return size && bytes[0] == HANDSHAKE && (size < 2 || bytes[1] == 3) &&
	       (size < 6 || bytes[5] == CLIENT_HELLO);
}

void
tls_records_set_version(struct tls_records *tls, uint16_t version)
{
	tls->version = version;
}

/* The record at hand has ended. */
static enum tls_event
end_record(struct tls_records *tls)
{
	bool is_hello = false, is_alert = false;

	tls->state = TLS_HEADER;
	tls->header_size = 0;
	if (tls->type == HANDSHAKE && !tls->has_hello && tls->kept)
		is_hello = take_hello(tls);
	if (tls->type == ALERT && tls->size == 2 && tls->kept) {
		tls->alert_level = tls->kept[0];
		tls->alert = tls->kept[1];
		is_alert = tls->alert_level == 1 || tls->alert_level == 2; /* else encrypted */
	}
	tls_records_release(tls);
	if (is_hello)
		return TLS_HELLO_IN;
	if (is_alert)
		return TLS_ALERT;
	if (tls->type == CHANGE_CIPHER_SPEC)
		tls->has_changed_cipher = true;
	if (tls->is_finished)
		return TLS_MORE;
	tls->is_finished = tls->version == TLS_1_3
			       ? tls->type == APPLICATION_DATA
			       : tls->type == HANDSHAKE && tls->has_changed_cipher;
	return tls->is_finished ? TLS_FINISHED : TLS_MORE;
}

static void
begin_record(struct tls_records *tls)
{
	tls->type = tls->header[0];
	tls->left = (uint16_t)(tls->header[3] << 8 | tls->header[4]);
	tls->size = 0;
	if (tls->type < CHANGE_CIPHER_SPEC || tls->type > APPLICATION_DATA + 1 ||
	    tls->header[1] != 3) {
		tls->state = tls->is_opened ? TLS_LOST : TLS_NOT;
		return;
	}
	tls->is_opened = true;
	tls->state = TLS_BODY;
	/* Without memory it is only counted. */
	if ((tls->type == HANDSHAKE && !tls->has_hello) || (tls->type == ALERT && tls->left == 2))
		tls->kept = malloc(TLS_HELLO);
}

static size_t
take_body(struct tls_records *tls, const unsigned char *bytes, size_t size)
{
	size_t used = size < tls->left ? size : tls->left;
	size_t room = TLS_HELLO - tls->size;

	if (tls->kept && room) {
		memcpy(tls->kept + tls->size, bytes, used < room ? used : room);
		tls->size += (uint32_t)(used < room ? used : room);
	}
	tls->left -= (uint16_t)used;
	return used;
}

size_t
tls_records_feed(struct tls_records *tls, const unsigned char *bytes, size_t size,
		 enum tls_event *event)
{
	size_t used = 0;

	*event = TLS_MORE;
	while (used < size && *event == TLS_MORE) {
		if (tls->state == TLS_LOST || tls->state == TLS_NOT)
			return size;
		if (tls->state == TLS_BODY) {
			used += take_body(tls, bytes + used, size - used);
		} else {
			tls->header[tls->header_size++] = bytes[used++];
			if (tls->header_size == sizeof(tls->header))
				begin_record(tls);
		}
		if (tls->state == TLS_BODY && tls->left == 0)
			*event = end_record(tls);
	}
	return used;
}

void
tls_records_skip(struct tls_records *tls, uint64_t size)
{
	tls_records_release(tls); /* a hello with a hole says nothing */
	if (tls->state == TLS_BODY && size < tls->left)
		tls->left -= (uint16_t)size;
	else if (tls->state != TLS_NOT)
		tls->state = TLS_LOST;
}

const char *
tls_alert_name(uint8_t alert)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {{0, "close_notify"},
		     {10, "unexpected_message"},
		     {20, "bad_record_mac"},
		     {22, "record_overflow"},
		     {40, "handshake_failure"},
		     {42, "bad_certificate"},
		     {43, "unsupported_certificate"},
		     {44, "certificate_revoked"},
		     {45, "certificate_expired"},
		     {46, "certificate_unknown"},
		     {47, "illegal_parameter"},
		     {48, "unknown_ca"},
		     {49, "access_denied"},
		     {50, "decode_error"},
		     {51, "decrypt_error"},
		     {70, "protocol_version"},
		     {71, "insufficient_security"},
		     {80, "internal_error"},
		     {86, "inappropriate_fallback"},
		     {90, "user_canceled"},
		     {109, "missing_extension"},
		     {110, "unsupported_extension"},
		     {112, "unrecognized_name"},
		     {116, "certificate_required"},
		     {120, "no_application_protocol"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].number == alert)
			return names[i].name;
	return NULL;
}
