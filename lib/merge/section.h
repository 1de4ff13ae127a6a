/*
 * The section header of a merged capture: what the headers of all inputs say, each text prefixed
 * with the name of the engine, each once, sorted.
 */
#ifndef VCAP_SECTION_H
#define VCAP_SECTION_H

#include "base/strvec.h"
#include "capfile/file_section.h"
#include "merge/completeness.h"
#include "merge/label.h"

#include <stdint.h>

struct section {
	struct strvec comments;
	unsigned char *options; /* of all headers, as in struct packet; heap */
	size_t options_len;
	struct completeness completeness; /* of the engines, instead of that of each file */
};

#define SECTION_INIT ((struct section){0})

/* The most bytes of comments in one header, well below FORMAT_BLOCK_MAX. What exceeds it is left
 * out, and a comment says how many comments were. */
#define SECTION_MAX (8u << 20)

/* Adds the texts and options of a header of this engine, from an input that hint describes: of a
 * merged one, comments that name an engine which the input cannot speak for get its name in front.
 * If memory runs out, section_finish fails. */
void section_add(struct section *merged, const struct file_section *section, const char *engine,
		 const struct label_hint *hint);

/*
 * Moves the comments and options to *section, which has none; its other members stay. What known
 * has, which another call filled, is left out; known may be NULL. 0, or -1: out of memory. merged
 * is as SECTION_INIT either way.
 */
int section_finish(struct section *merged, const struct file_section *known,
		   struct file_section *section);

#endif
