/*
 * A copy of a capture file without payload, and with pseudonyms (packet/pseudonym.h) in the place of
 * addresses: in packets, in comments and in the words of filters. What else may tell of hosts is left out:
 * names, secrets, custom blocks, and all options but comments.
 */
#ifndef VCAP_ANONYMIZE_H
#define VCAP_ANONYMIZE_H

#include "base/failure.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "packet/pseudonym.h"

enum anonymize_outcome {
	ANONYMIZE_DONE,
	ANONYMIZE_CUT, /* the input is damaged or cut short: what is sound was copied; why has more */
	ANONYMIZE_FAILED, /* the output is not to be used */
};

/* Copies all of in to out, both the caller's. */
enum anonymize_outcome anonymize_copy(struct reader *in, struct writer *out,
				      struct pseudonyms *pseudonyms, struct failure *why);

#endif
