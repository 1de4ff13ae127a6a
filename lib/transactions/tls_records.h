/*
 * The records of one direction of a TLS connection (RFC 8446, 5; RFC 5246, 6.2), as far as they are
 * in the clear: its hello, where its Finished is, and alerts. Bodies of encrypted records are skipped.
 */
#ifndef VCAP_TLS_RECORDS_H
#define VCAP_TLS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_NAME  256 /* bytes of a server name, NUL included */
#define TLS_ALPN  32
#define TLS_HELLO 4096 /* bytes of a hello that are looked at */

enum tls_event {
	TLS_MORE,     /* all bytes were used */
	TLS_HELLO_IN, /* the last byte used ends the ClientHello or ServerHello: its fields are valid */
	TLS_FINISHED, /* ... ends the record that has the Finished */
	TLS_ALERT,    /* ... ends an alert in the clear */
};

struct tls_records {
	enum { TLS_HEADER, TLS_BODY, TLS_LOST, TLS_NOT } state;
	unsigned char header[5];
	uint8_t header_size;
	uint8_t type;   /* of the record at hand */
	uint16_t left;  /* bytes of it */
	uint32_t size;  /* of what is kept of it */
	bool is_opened; /* a record was seen */
	bool has_hello, has_changed_cipher, is_finished;
	/* Of the ClientHello. */
	bool offers_early_data;
	char name[TLS_NAME]; /* server_name, printable; empty: none */
	char alpn[TLS_ALPN]; /* the protocol chosen, in a ServerHello in the clear (TLS 1.2) */
	/* Of the ServerHello. */
	uint16_t version; /* 0x0304: TLS 1.3; 0: not known */
	uint8_t alert_level, alert;
	unsigned char *kept; /* the hello as it comes; heap, owned, until it has ended */
};

#define TLS_RECORDS_INIT ((struct tls_records){0})

/* Frees the bytes that are kept of a record; nothing is parsed afterwards. */
void tls_records_release(struct tls_records *tls);

/* Parses bytes up to the next event. Returns how many were used; call again until the event is
 * TLS_MORE. */
size_t tls_records_feed(struct tls_records *tls, const unsigned char *bytes, size_t size,
			enum tls_event *event);

/* Bytes that were not captured. */
void tls_records_skip(struct tls_records *tls, uint64_t size);

/* The side's version is known from the ServerHello: tells the records of its other direction. */
void tls_records_set_version(struct tls_records *tls, uint16_t version);

/* Whether the first bytes of a connection can be a TLS record with a ClientHello. */
bool tls_records_begin(const unsigned char *bytes, size_t size);

/* The name of an alert, as "handshake_failure"; static; NULL: not known. */
const char *tls_alert_name(uint8_t alert);

#endif
