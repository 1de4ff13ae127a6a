/*
 * What vcap-keys does with the keys of a source: it prints each, or, beside a capture, has keykeep keep those whose
 * ClientHello is in it. vcap-run writes their client randoms, TLSKEY_RANDOM bytes each, to standard input.
 */
#ifndef VCAP_KEYSTORE_H
#define VCAP_KEYSTORE_H

#include "flows/keyfeed.h"
#include "flows/keykeep.h"

#include <stdio.h>

/* Printed once the source is read, where keys are kept. */
#define KEYSTORE_READY "# ready"

struct keystore {
	FILE *out; /* where keys are printed; the caller's */
	struct keyfeed feed;
	struct keykeep keep;
	bool keeps;
	/* Private */
	struct pairsource *source;
	bool has_told, is_ending; /* that it is ready; there are no more hellos */
	int64_t end_ns;           /* ... and then keys are waited for until then */
	unsigned char hello[TLSKEY_RANDOM];
	size_t hello_size; /* of what has come of the next one */
};

/* reserve: keeps keys (keykeep_open); NULL: prints them to out, which is standard output. -1 with why: wrong usage. The store must not
 * move from then on. */
int keystore_open(struct keystore *store, FILE *out, const char *reserve, int64_t rolling_ns,
		  struct failure *why);

/* Opens the source and confines the process (keyfeed_open). On failure the process is to exit. */
int keystore_read(struct keystore *store, const struct pairsource_spec *spec, const char *ring,
		  struct failure *why);

/* Runs until the source has ended or nobody reads its output; where keys are kept, until standard input has,
 * and a second more for the keys of the last hellos, which HAProxy tells at the end of a request. tell
 * gets lines for the user. 0, or -1 with why. */
int keystore_run(struct keystore *store, void (*tell)(const char *line), struct failure *why);

/* Closes the source, which may be NULL, and frees what is held. Files that were kept stay. */
void keystore_release(struct keystore *store);

#endif
