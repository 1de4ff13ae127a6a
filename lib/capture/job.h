/*
 * A job, as a controller hands it to vcap-run: a program (text of `tcpdump -ddd`), a service file's
 * text and specs, each ended by an empty line or the end of the text. Parts that are missing are
 * empty.
 */
#ifndef VCAP_JOB_H
#define VCAP_JOB_H

#include "base/failure.h"
#include "capture/rundir.h"

struct job {
	char *filter, *service, *specs; /* heap, owned; NULL: absent */
};

#define JOB_INIT ((struct job){0})
#define JOB_MAX  (16 << 20) /* bytes; 100,000 specs are 4 MB */

/* Divides text; what follows the third part is no part of the job. -1: no memory. */
int job_parse(struct job *job, const char *text, struct failure *why);

/* Reads a job from fd, and hardly more: up to the end of the file, or the read that completes it.
 */
int job_read(struct job *job, int fd, struct failure *why);
/* Reads a job from standard input (path is "-"), or a program alone from the file at path. */
int job_load(struct job *job, const char *path, struct failure *why);

/* Creates filter.bpf, service and specs in dir. */
int job_store(const struct job *job, const struct rundir *dir, struct failure *why);

/* The service and the specs as files without a name, to be read from the start; -1 for one that is
 * absent. -1: no file is open. */
int job_open(const struct job *job, int files[2], struct failure *why);

void job_release(struct job *job);

#endif
