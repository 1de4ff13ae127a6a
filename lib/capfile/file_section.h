/*
 * A section of a pcapng file: what its header says, and which interfaces it has. A pcap file is one
 * section that says nothing.
 */
#ifndef VCAP_FILE_SECTION_H
#define VCAP_FILE_SECTION_H

#include <stdbool.h>
#include <stdint.h>

/* Texts are on the heap and owned; NULL if absent. */
struct file_section {
	char *hardware, *os, *application;
	char **comments; /* ends with NULL; heap, owned, as is each; NULL if there are none */
	/* Custom options that may be copied, in the form of packet.options; heap, owned. */
	unsigned char *options;
	uint32_t options_len;                    /* bytes */
	uint32_t first_interface, end_interface; /* [first, end) of the source's interfaces */
	/* Set at SOURCE_END: this or an earlier section was written by vcap and lacks its end mark,
	 * which is statistics with an end time and nothing after them. */
	bool cut_short;
	/* Written by vcap, and then copied by a program that leaves statistics out: no end mark is to be
	 * expected. */
	bool is_edited;
};

/* The most sections of a file that are remembered. */
#define FILE_SECTIONS_MAX 4096
/* None is remembered after headers of this many bytes. */
#define FILE_SECTIONS_BYTES ((size_t)64 << 20)

/* Frees what a section owns, and empties it. */
void file_section_release(struct file_section *section);

/* Whether the headers of both have the same texts, comments and options. */
bool file_section_has_same_header(const struct file_section *a, const struct file_section *b);

/* Whether a command of vcap wrote it: the application's name starts with "vcap-". Then the
 * descriptions of its interfaces are names of engines, and it ends with an end mark. */
bool file_section_is_from_vcap(const struct file_section *section);

/* Whether it says that it has so many packets of each core and no more (vcap-run -c): answers to what one core
 * saw may be missing because another one was full. */
bool file_section_is_counted(const struct file_section *section);

/* Whether a section of vcap says in its header that it will have an end mark (pcapng.h,
 * OPT_SHB_PROMISE): those of release 0.1.0 do not. */
bool file_section_promises(const struct file_section *section);

#endif
