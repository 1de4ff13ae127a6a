/*
 * The interfaces of a merge: those of all inputs under their labels, and the statistics of each
 * origin (`ENGINE/IFACE`, whatever the side) from all the files and cores that have some.
 */
#ifndef VCAP_INTERFACES_H
#define VCAP_INTERFACES_H

#include "merge/label.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An interface of an engine. */
struct origin {
	char *plain; /* "ENGINE/IFACE" */
	char *engine;
	char *via;     /* the input that brings its packets, by its own name; NULL: it has none */
	uint32_t hash; /* of plain: of thousands, few are compared */
	int64_t offset_ns; /* what its times are off by */
	int64_t newest_ns; /* of its packets; INT64_MIN if none */
	uint16_t linktype;
};

/* Where an interface belongs: its origin, and the place of its engine's name among all engines'. */
struct home {
	uint32_t origin;
	uint32_t rank; /* as interfaces_rank left it */
};

struct interfaces {
	struct interface *interfaces;
	struct home *homes; /* of the interfaces */
	uint32_t interface_count;
	uint32_t ranked_count; /* interfaces that have a rank */
	struct origin *origins;
	size_t origin_count;
	struct tally *tallies; /* the newest counters of each core */
	size_t tally_count;
	struct offset *offsets; /* by engine */
	size_t offset_count;
	bool mixes_linktypes; /* interfaces may differ in link type */
	bool is_live; /* inputs come as they are captured: one that does not suit ends alone */
	const char *first_input; /* which input the first interface came from; not owned */
};

#define INTERFACES_INIT ((struct interfaces){0})

/* All functions that return int return 0, or -1 without memory. */

void interfaces_release(struct interfaces *roster);

/* Adds offset_ns to the times of an engine, or of all engines that come by an input of that name
 * and have no offset of their own. Call before their interfaces are added. */
int interfaces_offset(struct interfaces *roster, const char *engine, int64_t offset_ns);

/* The place of the interface. One that is there already with the same label and properties is
 * shared. */
int interfaces_add(struct interfaces *roster, const struct interface *interface,
		   const struct label *label, uint32_t *id);

/* The order of interfaces; 0 for those that share a place. */
int interfaces_compare(const struct interface *a, const struct interface *b);

/* Sorts the interfaces. place[old] is the new number; room for interface_count. */
int interfaces_sort(struct interfaces *roster, uint32_t *place);

/* Ranks the engines of all interfaces, if that is not done. */
int interfaces_rank(struct interfaces *roster);

/* Takes the time of the newest packet of an origin in one input. */
void interfaces_newest(struct interfaces *roster, uint32_t origin, int64_t ts_ns);

/* Takes the newest counters of an origin, of input number `input`, its times not yet moved, and a
 * comment on them, which may be NULL. */
int interfaces_count(struct interfaces *roster, uint32_t origin, size_t input,
		     const struct statistics *statistics, const char *comment);

/*
 * Puts the statistics of each origin on the first interface of its name, which is made if there is
 * none but those with a side: the newest of each core, summed. Where no input gave an end time they
 * get one all the same: the merge is complete, and says so.
 */
int interfaces_finish(struct interfaces *roster);

/* A time moved by an offset; before 1970 and at the end of what int64_t holds it stays there. */
int64_t interfaces_shifted(int64_t ts_ns, int64_t offset_ns);

/* Makes room for one more element of size bytes in the array *list of count. Rooms are powers of
 * two. */
int array_grow(void *list, size_t count, size_t size);

#endif
