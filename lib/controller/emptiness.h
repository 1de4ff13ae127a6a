/*
 * A capture of nothing: what the likely cause is, and whether an engine or a side that should have
 * seen packets could not.
 */
#ifndef VCAP_EMPTINESS_H
#define VCAP_EMPTINESS_H

#include "base/strvec.h"
#include "capfile/count.h"
#include "controller/config.h"
#include "controller/spool_entry.h"

/* What there is to say of a merged file; both on the heap, or NULL: nothing. */
struct emptiness {
	char *unseen; /* what an engine or a side should have seen, and could not */
	char *remark;
};

#define EMPTINESS_INIT ((struct emptiness){0})

/* Frees the texts; emptiness is EMPTINESS_INIT afterwards. */
void emptiness_release(struct emptiness *emptiness);

/*
 * Judges the capture by what its file has. If that has nothing of clients, the engines are asked whether
 * a VIP is theirs. What cannot be found out is nothing to say.
 */
void emptiness_judge(struct emptiness *emptiness, const struct spool_entry *entry,
		     const struct count *merged, config_variable *variable);

/* Appends a line for each engine that kept no packet while others did: usual of one that stands by. */
void emptiness_idle(const struct spool_entry *entry, struct strvec *lines);

#endif
