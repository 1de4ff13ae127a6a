/*
 * A secret of a TLS session, as a line of an NSS key log has it
 * (https://firefox-source-docs.mozilla.org/security/nss/legacy/key_log_format):
 *
 *	LABEL CLIENT_RANDOM SECRET
 *
 * the last two in hexadecimal digits. The client random is in the session's ClientHello
 * (clienthello.h), and says which packets the secret opens.
 */
#ifndef VCAP_TLSKEY_H
#define VCAP_TLSKEY_H

#include <stdbool.h>
#include <stddef.h>

#define TLSKEY_RANDOM 32 /* bytes of a client random */
#define TLSKEY_SECRET 48 /* bytes of the longest secret */

/* Bytes of the longest line, its newline and a NUL included. */
#define TLSKEY_LINE (40 + 2 * (TLSKEY_RANDOM + TLSKEY_SECRET))

struct tlskey {
	unsigned label; /* tlskey_label; below TLSKEY_LABELS */
	size_t size;    /* bytes of secret: 32 or 48 */
	unsigned char random[TLSKEY_RANDOM], secret[TLSKEY_SECRET];
};

#define TLSKEY_LABELS 8

/* The label as it stands in the line. */
const char *tlskey_label(unsigned label);

/* Whether it is a secret of TLS 1.3 that opens its records, rather than an exporter's; in TLS 1.2 its only
 * one. A session with one of these has a key. */
bool tlskey_opens(const struct tlskey *key);

/* Those of one line. */
#define TLSKEY_MOST 24

struct tlskeys {
	size_t count;
	struct tlskey list[TLSKEY_MOST];
};

enum tlskey_line {
	TLSKEY_GOOD,    /* its keys, perhaps none, are in the list */
	TLSKEY_REFUSED, /* a known label, behind which random or secret are malformed */
	TLSKEY_CUT,     /* it ends in the middle of a key, or of its keys */
};

/*
 * The keys in a line of a key log, or of a log of HAProxy in which several stand as vcap-keys(1) has it
 * log them. There a value that HAProxy does not have is `-` and no key; nor is a CLIENT_RANDOM behind the
 * word TLSv1.3, of which HAProxy only has another secret; and a line that begins its keys with `keys=` ends
 * them with `end`. A line that is not good has none.
 */
enum tlskey_line tlskey_parse(struct tlskeys *keys, const char *line);

/* Writes the line, with its newline, in lower case digits. Returns its length. */
size_t tlskey_print(const struct tlskey *key, char line[TLSKEY_LINE]);

#endif
