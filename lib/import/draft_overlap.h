/*
 * What the drafts of one run have in common: a VIP that is several services' shows the packets of all
 * of them in captures of each.
 */
#ifndef VCAP_DRAFT_OVERLAP_H
#define VCAP_DRAFT_OVERLAP_H

#include "import/draft.h"

/* Adds a comment to each draft that has a vip line of another one, with that one's name. */
void draft_overlap_remark(struct drafts *drafts);

#endif
