/*
 * The interfaces of a merge. An output interface is named by its label, `ENGINE/IFACE` or
 * `ENGINE/IFACE/SIDE`, and inputs whose interfaces have the same label and properties share it. A
 * capture interface is the network interface of an engine, `ENGINE/IFACE`: all sides of it share
 * its clock offset and its statistics.
 *
 * Functions that return int, but for the comparisons, return 0, or -1: out of memory; after -1 the
 * interfaces can only be released.
 */
#ifndef VCAP_INTERFACES_H
#define VCAP_INTERFACES_H

#include "merge/core_statistics.h"
#include "merge/engine_clocks.h"
#include "merge/label.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_interface {
	char *name; /* "ENGINE/IFACE" */
	char *engine;
	char *via;     /* NAME of the input that brings its packets (NAME=INPUT), or NULL */
	uint32_t rank; /* of its engine's name, as interfaces_rank left it */
	struct engine_clock *clock; /* its engine's, in clocks */
	int64_t newest_ns;          /* of its packets; INT64_MIN if none */
	uint16_t linktype;
};

#define NO_CAPTURE UINT32_MAX /* the index of no capture interface */

/* What packets of one time are sorted by. */
struct interface_key {
	uint32_t capture; /* index into captures */
	uint32_t rank;    /* of its engine's name among all engines', as interfaces_rank left it */
};

struct interfaces {
	struct interface *list;     /* the output interfaces */
	struct interface_key *keys; /* of each of them */
	struct interface_node **nodes;
	uint32_t count;
	uint32_t ranked_count; /* as many of them have a rank */
	bool has_new_engine;   /* one that is not among the ranks */
	/* Trees (tsearch) of the list, the captures and the engines: an input may have thousands. */
	void *by_properties, *by_name, *by_engine;
	struct capture_interface *captures;
	size_t capture_count;
	struct core_statistics cores;
	struct engine_clocks clocks; /* offsets are set before interfaces are added */
	bool mixes_linktypes;        /* interfaces may differ in link type */
	bool is_live;                /* an input of another link type ends alone */
	const char *first_input;     /* the input that brought the first interface; not owned */
};

#define INTERFACES_INIT ((struct interfaces){0})

/* Frees everything but first_input. */
void interfaces_release(struct interfaces *interfaces);

/* Sets *id to the output interface with this label and the properties of `interface`, which is
 * added unless it exists. */
int interfaces_add(struct interfaces *interfaces, const struct interface *interface,
		   const struct label *label, uint32_t *id);

/* The capture interface of this name ("ENGINE/IFACE"), or NO_CAPTURE. */
uint32_t interfaces_find_capture(const struct interfaces *interfaces, const char *name);

/* The order of output interfaces, as strcmp; 0 for those that share one. */
int interfaces_compare(const struct interface *a, const struct interface *b);

/* The order of the engines of two capture interfaces, as strcmp. NO_CAPTURE comes first. */
int interfaces_compare_engines(const struct interfaces *interfaces, uint32_t a, uint32_t b);

/* Sorts the output interfaces. place[old] is set to the new number; it has room for count. */
int interfaces_sort(struct interfaces *interfaces, uint32_t *place);

/* Brings the ranks in keys up to date. Cheap unless interfaces were added. */
int interfaces_rank(struct interfaces *interfaces);

/* Raises newest_ns of a capture interface to the time of a packet. */
void interfaces_update_newest(struct interfaces *interfaces, uint32_t capture, int64_t ts_ns);

/* Takes statistics of a capture interface that input number `input` brought, with a comment or
 * NULL. Their times have not been shifted yet. */
int interfaces_update_statistics(struct interfaces *interfaces, uint32_t capture, size_t input,
				 const struct statistics *statistics, const char *comment);

/*
 * Puts the statistics of each capture interface on the first output interface of its name, which
 * is added if only interfaces with a side exist. All have an end time afterwards, which says that
 * the merge is complete.
 */
int interfaces_finish(struct interfaces *interfaces);

/* ts_ns + offset_ns, both in nanoseconds, clamped to [0, INT64_MAX]. */
int64_t interfaces_shifted(int64_t ts_ns, int64_t offset_ns);

#endif
