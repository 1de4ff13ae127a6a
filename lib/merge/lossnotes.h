/*
 * What engines lost, as the comments of a merged file's statistics say (packet/loss.h), in words.
 */
#ifndef VCAP_LOSSNOTES_H
#define VCAP_LOSSNOTES_H

#include "merge/inputs.h"
#include "merge/merge.h"
#include "packet/packet.h"

/* A line "ENGINE: WORDS" for each loss, without a newline behind the last one; call it after SOURCE_END.
 * Heap, the caller's; NULL: the file tells of none, or out of memory. */
char *lossnotes_lines(const struct source *source);

/* The comment of a merged interface, and the lines of what the hosts lost of whose snapshots it is (coredir.h). Heap,
 * the caller's; NULL: out of memory. */
char *lossnotes_add(const struct interface *interface, const struct inputs *inputs,
		    struct merge *merge);

#endif
