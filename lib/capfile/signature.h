/*
 * Signatures: the first bytes of a file, which tell its kind. Of captures: draft-ietf-opsawg-pcap, 4, and
 * draft-ietf-opsawg-pcapng, 4.1.
 */
#ifndef VCAP_SIGNATURE_H
#define VCAP_SIGNATURE_H

#include <stddef.h>

#define SIGNATURE_MAX 12 /* bytes that it takes */

/* The name of the program whose compressed files begin with these bytes, as many as are there; NULL: none's. */
const char *signature_compressor(const unsigned char *bytes, size_t size);

/* The name of the format of captures, or of the compressor, whose files begin with these bytes; NULL: none's. */
const char *signature_kind(const unsigned char *bytes, size_t size);

#endif
