/*
 * Disputes: requests whose headers name different clients (forwarded.h), while it is not known
 * which of the headers the engine writes. Other requests tell: one that lacks a header shows that
 * the engine does not write it. Pure.
 */
#ifndef VCAP_DISPUTE_H
#define VCAP_DISPUTE_H

#include "join/forwarded.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The disputed requests of one connection: a bit for each header that is in one of them, and whose
 * client would be wanted, or not. there 0: nothing is disputed. */
struct dispute {
	uint8_t there, yes, no;
};

/* The connections whose disputes were not settled when they ended. */
struct disputes {
	/* The headers that a request lacked although it had another of them: not the engine's. */
	uint8_t lacking;
	/* Private. */
	struct unsettled {
		uint64_t serial;
		struct dispute dispute;
	} * list;
	size_t count;
};

#define DISPUTES_INIT ((struct disputes){0})

/* Frees the list; disputes is DISPUTES_INIT afterwards. */
void disputes_release(struct disputes *disputes);

/* A request had these headers (struct forwarded). */
void disputes_learn(struct disputes *disputes, uint8_t there);

/* The bit of the only header that may be the engine's; 0: not settled. */
uint8_t disputes_settle(const struct disputes *disputes, const struct dispute *dispute);

/* Keeps what was not settled of a connection (conntable.h, its serial); without memory, or of too
 * many, it is not kept. */
void disputes_keep(struct disputes *disputes, uint64_t serial, const struct dispute *dispute);

/* Called with each connection that is settled after all. */
typedef void disputes_report(void *context, uint64_t serial, bool is_wanted);
/* Settles those kept, by all that was learned, and forgets them. */
void disputes_finish(struct disputes *disputes, disputes_report *report, void *context);

#endif
