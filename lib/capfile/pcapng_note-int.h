/*
 * Blocks of pcapng that are neither packet, interface nor statistics. Private to lib/capfile.
 */
#ifndef VCAP_PCAPNG_NOTE_INT_H
#define VCAP_PCAPNG_NOTE_INT_H

#include "capfile/reader_common-int.h"

/*
 * Makes a note of a block of this type. Name resolution, secrets and custom blocks that are sound
 * are copyable, and translated to this host's byte order; malformed ones are not, and are counted
 * (reader_leave_out). Blocks of other types are not copyable: a reader that knows them might refuse
 * the whole file for one that is malformed. Returns SOURCE_NOTE, or how the source ended.
 */
enum source_event pcapng_note_read(struct reader *file, uint32_t type, const unsigned char *body,
				   size_t size, struct failure *why);

#endif
