/*
 * A job, as a controller sends it to vcap-run: a packet filter (as `tcpdump -ddd` prints it), the
 * text of a service file, and specs. Each part ends with an empty line or the end of the text;
 * missing parts are empty.
 */
#ifndef VCAP_JOB_H
#define VCAP_JOB_H

#include "base/failure.h"
#include "capture/rundir.h"

#include <stdint.h>

struct job {
	char *filter, *service, *specs; /* heap, owned; NULL: not given */
};

#define JOB_INIT ((struct job){0})
#define JOB_MAX  (16 << 20) /* bytes; 100,000 specs take 4 MB */

/* Splits text into its parts, copied. Ignores what follows the third part. -1: out of memory; *job
 * is empty. */
int job_parse(struct job *job, const char *text, struct failure *why);

/* Reads a job from fd until it is complete or the file ends: a sender may keep the other end open.
 * Fails if it is larger than JOB_MAX or has a NUL, if the file ends without a byte, or if none comes
 * for patience_ns (0: for ever). */
int job_read(struct job *job, int fd, int64_t patience_ns, struct failure *why);

/* Reads a job from standard input (path is "-"), with patience_ns as above, or a packet filter
 * alone from the file at path. -1 with why: *job is empty. */
int job_load(struct job *job, const char *path, int64_t patience_ns, struct failure *why);

/* Creates the files filter.bpf, service and specs in dir. On failure some may exist. */
int job_store(const struct job *job, const struct rundir *dir, struct failure *why);

/* Opens unnamed files with the service and the specs, at their start; -1 for one not given. The
 * descriptors are the caller's. On failure none is open. */
int job_open(const struct job *job, int files[2], struct failure *why);

/* Frees all parts; *job is then JOB_INIT. */
void job_release(struct job *job);

#endif
