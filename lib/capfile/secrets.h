/*
 * The TLS keys in capture files (decryption secrets blocks, pcapng 4.7): those of a file that is read, and those
 * that are written into another, which are the keys of the sessions that begin among its packets.
 *
 *	secrets_begin -> secrets_take, sessionkeys_see -> secrets_match -> secrets_write
 *
 * Functions that return int return 0, or -1 with why.
 */
#ifndef VCAP_SECRETS_H
#define VCAP_SECRETS_H

#include "base/failure.h"
#include "capfile/writer.h"
#include "packet/packet.h"
#include "packet/sessionkeys.h"

#include <stddef.h>

struct secrets {
	struct sessionkeys *sessions; /* owned; takes the packets of the output */
	/* Private */
	char *lines; /* key log lines that were taken; heap */
	size_t size;
};

#define SECRETS_INIT ((struct secrets){0})

/* Forgets all keys. */
void secrets_release(struct secrets *secrets);

/* Begins, or begins anew. */
int secrets_begin(struct secrets *secrets, struct failure *why);

/* Takes a block of a file that is read; of one that is malformed, or too much, nothing. */
void secrets_take(struct secrets *secrets, const struct note *note);

/* Finds, among what was taken, the keys of the sessions. */
int secrets_match(struct secrets *secrets, struct failure *why);

/* Writes the keys of the sessions in a block, of more than SECRETS_BLOCK bytes in several; none without keys. It
 * belongs before every packet: readers use a key only for packets behind it. */
#define SECRETS_BLOCK ((size_t)8 << 20)
int secrets_write(const struct secrets *secrets, struct writer *writer, struct failure *why);

#endif
