/*
 * A file that appears complete or not at all (outfile.h) and is compressed, if it is to be, by a
 * process of its own (relay.h).
 *
 *	packedfile_open -> write to .fd -> packedfile_commit, or packedfile_abandon
 */
#ifndef VCAP_PACKEDFILE_H
#define VCAP_PACKEDFILE_H

#include "base/codec.h"
#include "base/failure.h"
#include "base/outfile.h"
#include "base/relay.h"

#include <stdbool.h>

struct packedfile {
	int fd; /* to write to */
	struct outfile file;
	struct relay packer; /* RELAY_INIT: none */
};

#define PACKEDFILE_INIT ((struct packedfile){-1, OUTFILE_INIT, RELAY_INIT})

/* Opens path for writing (outfile_open) and starts the process, which inherits all privileges and
 * drops them; SIGPIPE is ignored from then on, so that its reason is told. -1 with why: *out is
 * PACKEDFILE_INIT, and no file is left behind. */
int packedfile_open(struct packedfile *out, const char *path, enum codec_kind kind,
		    struct failure *why);

/* Whether it is compressed. */
bool packedfile_packs(const struct packedfile *out);

/* Ends the process and gives the file its name, as outfile_commit and outfile_commit_new. -1 with why:
 * the old file is untouched. */
int packedfile_commit(struct packedfile *out, struct failure *why);
int packedfile_commit_new(struct packedfile *out, struct failure *why);

/* After a write has failed: ends the process, and if that is what has failed, why says so. */
void packedfile_blame(struct packedfile *out, struct failure *why);

/* Ends all, and removes what was written. Safe after a commit, and on PACKEDFILE_INIT. */
void packedfile_abandon(struct packedfile *out);

#endif
