/*
 * What a child says on standard error that passes on an engine's words, made safe to show.
 *
 *	struct errtext said = errtext_open();
 *	process_run(argv, in, out, said.fd, ...);
 *	errtext_show(&said);
 */
#ifndef VCAP_ERRTEXT_H
#define VCAP_ERRTEXT_H

struct errtext {
	int fd; /* for the child; -1, which is /dev/null, if there is none */
};

/* At most 64 KiB are kept, and what follows fails (EPERM). */
struct errtext errtext_open(void);

/* Writes it to standard error, escaped (text.h), and closes. Call when the child has ended. */
void errtext_show(struct errtext *said);

#endif
