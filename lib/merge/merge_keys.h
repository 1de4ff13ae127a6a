/*
 * The TLS keys that go into a merged file (`vcap-merge --keys`): those in key logs, and in secrets of the inputs, whose
 * ClientHello is in the output. So the output is read once before it is written: the block has to stand in
 * front of every packet, as readers use a key only for packets behind it.
 *
 *	merge_keys_open -> merge_keys_see -> merge_keys_write
 *
 * Functions that return int return 0, or -1 with why.
 */
#ifndef VCAP_MERGE_KEYS_H
#define VCAP_MERGE_KEYS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "capfile/secrets.h"
#include "capfile/writer.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdio.h>

struct merge_keys {
	struct strvec paths; /* of key logs, set first */
	/* Private */
	FILE **files;
	struct secrets secrets; /* with those of the inputs */
};

#define MERGE_KEYS_INIT ((struct merge_keys){.paths = STRVEC_INIT})

/* Closes the files and frees all; keys is MERGE_KEYS_INIT afterwards. */
void merge_keys_release(struct merge_keys *keys);

/* Opens the key logs. */
int merge_keys_open(struct merge_keys *keys, struct failure *why);

/* Takes a block of secrets of an input; context is a struct merge_keys. */
void merge_keys_take(void *context, const struct note *note);

/* Reads all that will be written to its end. Call again after a failure: it begins anew. */
int merge_keys_see(struct merge_keys *keys, struct source *from, struct failure *why);

/* Reads the keys, and sets *remark to what there is to say of them: heap. */
int merge_keys_match(struct merge_keys *keys, char **remark, struct failure *why);

/* Writes them, as secrets_write. */
int merge_keys_write(struct merge_keys *keys, struct writer *writer, struct failure *why);

#endif
