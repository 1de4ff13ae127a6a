/*
 * The sections of a merged file: its header, which says what the headers of the inputs say, and since
 * when each engine is complete (completeness.h); and at the end, without interfaces, what later sections
 * of the inputs say beside: a header cannot be changed once it is written.
 */
#ifndef VCAP_MERGED_HEADER_H
#define VCAP_MERGED_HEADER_H

#include "base/failure.h"
#include "base/strvec.h"
#include "capfile/file_section.h"
#include "capfile/writer.h"
#include "merge/inputs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is added to the times of an engine. */
struct clock_shift {
	char *engine; /* heap */
	int64_t ns;
};

struct merged_header {
	/* Set by the caller, who owns what they point to. */
	const struct inputs *inputs;
	const struct strvec *remarks; /* further comments */
	const struct clock_shift *offsets;
	size_t offset_count;
	bool is_live; /* no header of the inputs is known yet */
	/* The latest time since when an engine is complete, by its corrected clock; INT64_MIN if none of
	 * them says so. */
	int64_t complete_since_ns;
	struct file_section section; /* owned */
};

/* Frees the section. */
void merged_header_release(struct merged_header *header);

/* These return 0, or -1 with why. */

/* Fills section and complete_since_ns, after merge_start: the interfaces of the first packets name the
 * engines. */
int merged_header_make(struct merged_header *header, struct failure *why);
/* Makes and writes it. */
int merged_header_write(struct merged_header *header, struct writer *writer, struct failure *why);
/* Writes the section at the end, if there is more to say. */
int merged_header_write_trailer(const struct merged_header *header, struct writer *writer,
				struct failure *why);

/* Since when the engines of inputs are complete, in words, a line each (completeness_lines); heap. NULL:
 * none of them says so, or out of memory. */
char *merged_header_completeness(const struct inputs *inputs);

#endif
