/*
 * The keys (packet/tlskey.h) that a capture keeps: those of the sessions whose ClientHello it has. The others
 * wait in memory, for a hello that has not been told yet, and are forgotten.
 */
#ifndef VCAP_KEYKEEP_H
#define VCAP_KEYKEEP_H

#include "base/failure.h"
#include "packet/helloset.h"
#include "packet/tlskey.h"

#include <stdbool.h>
#include <stdint.h>

#define KEYKEEP_FD      3                 /* the file of the keys, open for writing */
#define KEYKEEP_OLD     4                 /* the one of those before, of a rolling capture */
#define KEYKEEP_MOST    ((off_t)32 << 20) /* bytes of one file */

#define KEYKEEP_WAITING (1u << 16)                  /* keys that wait, at most */
#define KEYKEEP_WAIT_NS (300 * INT64_C(1000000000)) /* how long they do */

struct keykeep {
	uint64_t reserve;   /* bytes that stay free on the disk of the files */
	int64_t rolling_ns; /* how long keys have to be there; 0: they stay */
	/* Private */
	int fd, old; /* the files; old -1: there is one */
	int64_t begun_ns;
	bool is_full;
	struct helloset hellos;
	struct keywait *waiting;
};

#define KEYKEEP_INIT ((struct keykeep){.fd = -1, .old = -1})

/* Keeps keys in KEYKEEP_FD, and with rolling_ns, which the caller has set before, alternately in KEYKEEP_OLD. reserve as for
 * pairout_keep. -1 with why. */
int keykeep_open(struct keykeep *keep, const char *reserve, int64_t now_ns, struct failure *why);
void keykeep_release(struct keykeep *keep);

/* Takes the client random of a hello that the capture has kept; a key. now_ns is CLOCK_MONOTONIC. */
void keykeep_hello(struct keykeep *keep, const unsigned char random[TLSKEY_RANDOM]);
void keykeep_key(struct keykeep *keep, const struct tlskey *key, int64_t now_ns);

/* Forgets what has waited long enough, and begins a rolling capture's other file. */
void keykeep_tick(struct keykeep *keep, int64_t now_ns);

#endif
