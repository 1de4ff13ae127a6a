/*
 * What a join counts, and says of it at the end.
 */
#ifndef VCAP_JOIN_COUNTS_H
#define VCAP_JOIN_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* What tells whose a connection is. */
enum join_evidence {
	JOIN_BY_ADDRESSES,
	JOIN_BY_TABLES,
	JOIN_BY_PROXY,
	JOIN_BY_HEADERS,
	JOIN_EVIDENCES,
};

/* Server-side connections by their verdict, and what the user should know. */
struct join_counts {
	uint64_t wanted, other, monitors, undecided;
	uint64_t told[JOIN_EVIDENCES]; /* of wanted and other, by what told it */
	uint64_t useless_pairs;        /* pairs that name no server port */
	bool has_tables;               /* there were tables to tell by */
	bool by_address;  /* a client was found by its address alone, without its port */
	bool vip_unknown; /* evidence named the client but not the VIP */
};

/* Counts as a line: "server connections: 3 wanted, 1 not, 0 undecided; told by headers 4". expired
 * is the number of packets that were not decided in time. Heap; NULL: out of memory. */
char *join_counts_format(const struct join_counts *counts, uint64_t expired);

/* What would tell the undecided, if there are any; NULL: there are none. Static. */
const char *join_counts_advice(const struct join_counts *counts);

/* Lines for the user: what makes it uncertain, the counts, and what would tell the undecided. Heap; NULL: out of
 * memory. */
char *join_counts_remarks(const struct join_counts *counts, uint64_t expired);

#endif
