/*
 * Fetches the finished capture of one engine: a stream from vcap-merge there (from a region its
 * merged file), through vcap-on. The file is accepted only if its counts match those that the
 * engine reports. Children write their messages to standard error.
 */
#ifndef VCAP_FETCH_H
#define VCAP_FETCH_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/outfile.h"
#include "controller/commands.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

struct fetch {
	const char *engine;    /* its name; the caller's, as is directory */
	const char *directory; /* of the capture on the engine; for a region the capture's id */
	const char *token;     /* of the capture; NULL: none */
	char since[COMMANDS_TIME],
	    until[COMMANDS_TIME]; /* of a snapshot: its window there; or empty */
	bool has_keys;            /* the capture was started with keys */
	bool is_region;           /* the engine is a controller */
	bool compress;            /* the stream is compressed by zstd */
	uint64_t rate;            /* limit in bytes a second; 0: none */
	struct keyval answer;     /* the engine's status of the capture */
	int linktype;             /* of its file, once fetched (struct count) */
	bool is_late; /* a step failed because the engine was too slow: trying again is no use */
};

#define FETCH_INIT ((struct fetch){0})

/* Bytes a second that an engine has to send at least, or half its `bwlimit=`. */
#define FETCH_RATE_LEAST 4096

/* Frees the answer; names, paths and the token stay the caller's. */
void fetch_release(struct fetch *fetch);

/* Takes answer from the spool, if the engine's last status is there. Returns whether it is. */
bool fetch_recall(struct fetch *fetch, const struct spool_entry *entry);

/* Asks the engine for the status of the capture, into answer. -1 with why: it was not reached, or
 * does not know the capture. */
int fetch_ask(struct fetch *fetch, struct failure *why);

/*
 * Writes the capture to out, which the caller commits. Returns 0: it is complete; EXIT_PARTIAL: it
 * is all that the engine has, but the capture there was cut short; -1 with why: it did not arrive
 * whole. The transfer is aborted if the engine sends much more than it reports, if it sends nothing
 * for a minute or in a minute less than FETCH_RATE_LEAST would, or if the whole takes more than a
 * minute and the time of what it reports at that rate.
 */
int fetch_file(struct fetch *fetch, const struct outfile *out, struct failure *why);

/* What an engine may have kept beside its packets, and has a size of in its status by this name. */
struct fetch_kind {
	const char *name;
	enum commands_request request;
};

extern const struct fetch_kind fetch_pairs, /* of connections (connpair.h) */
    fetch_keys;                             /* of TLS (tlskey.h) */

/* Fetches it to a file beside `file`, of mode 0600, called NAME.KIND as that is NAME.pcapng; none if the status says
 * that there is none. -1 with why: it did not arrive whole. */
int fetch_beside(struct fetch *fetch, const struct fetch_kind *kind, const char *file,
		 struct failure *why);

/* Removes the engine's copy. -1 with why: it may still be there. */
int fetch_remove(struct fetch *fetch, struct failure *why);

#endif
