/*
 * What the sections of many captures say of themselves, as one section says it: each text led by
 * the engine's name, each once, sorted, so that neither the order of the captures nor merging them
 * in steps shows.
 */
#ifndef VCAP_SECTION_H
#define VCAP_SECTION_H

#include "base/strvec.h"
#include "capfile/file_section.h"

#include <stdint.h>

struct section {
	struct strvec comments;
	unsigned char *options; /* of all sections, as in struct packet */
	size_t options_len;
};

#define SECTION_INIT ((struct section){0})

/* The longest comments of a section together; what does not fit is left out, and a comment says how
 * much. It keeps the block well below FORMAT_BLOCK_MAX. */
#define SECTION_MAX (8u << 20)

/* Adds the texts and options of a section of the engine's. What vcap-merge wrote is led by its
 * engines already. Memory that ran out shows in section_finish. */
void section_add(struct section *provenance, const struct file_section *section,
		 const char *engine);

/* Fills the comments and options of *section, which has none, but for those that known, which
 * another call filled, has already (it may be NULL); the rest of it stays. 0, or -1 without memory;
 * the provenance is as SECTION_INIT either way. */
int section_finish(struct section *provenance, const struct file_section *known,
		   struct file_section *section);

#endif
