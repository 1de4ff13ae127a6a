#include "merge/chosen.h"

#include "base/array.h"
#include "filter/service.h"
#include "merge/label.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOT_CHOSEN UINT32_MAX

/* What becomes of an interface of the other source. */
struct choice {
	uint32_t id;      /* its number here, or NOT_CHOSEN */
	bool has_packets; /* its packets are chosen, not only its statistics */
};

struct chosen {
	struct source source; /* first */
	struct source *from;
	char *engine, *side;    /* NULL: any */
	struct choice *choices; /* by interface of from */
	uint32_t choice_count;
	uint32_t *origins; /* of the interfaces here */
	bool has_packets;  /* one of them has its packets chosen */
};

static bool
is_side(const char *word)
{
	for (enum side side = 0; side <= SIDE_OTHER; side++)
		if (strcmp(word, service_side_name(side)) == 0)
			return true;
	return false;
}

/* Whether the interface is of the part; *has_packets: its packets, too. -1: out of memory. */
static int
judge(const struct chosen *chosen, const struct interface *interface, bool *has_packets)
{
	const struct label_hint hint = {.fallback = "-"};
	struct label label;
	int is_chosen;

	if (label_of(&label, interface, &hint) < 0)
		return -1;
	is_chosen = !chosen->engine || strcmp(label.engine, chosen->engine) == 0;
	*has_packets = !chosen->side || (label.side && strcmp(label.side, chosen->side) == 0);
	is_chosen = is_chosen && (*has_packets || !label.side);
	label_release(&label);
	return is_chosen;
}

/* A copy whose strings stay the other source's. */
static int
add_interface(struct chosen *chosen, uint32_t origin)
{
	struct source *source = &chosen->source;

	if (array_grow(&source->interfaces, source->interface_count, sizeof(*source->interfaces)) <
		0 ||
	    array_grow(&chosen->origins, source->interface_count, sizeof(*chosen->origins)) < 0)
		return -1;
	source->interfaces[source->interface_count] = chosen->from->interfaces[origin];
	chosen->origins[source->interface_count++] = origin;
	return 0;
}

/* Decides on the interfaces of the other source that are new. */
static int
choose_new_interfaces(struct chosen *chosen)
{
	for (; chosen->choice_count < chosen->from->interface_count; chosen->choice_count++) {
		const uint32_t i = chosen->choice_count;
		struct choice choice = {.id = chosen->source.interface_count};
		int rc = judge(chosen, &chosen->from->interfaces[i], &choice.has_packets);

		if (rc < 0 || array_grow(&chosen->choices, i, sizeof(*chosen->choices)) < 0)
			return -1;
		if (rc == 0)
			choice = (struct choice){.id = NOT_CHOSEN};
		else if (add_interface(chosen, i) < 0)
			return -1;
		chosen->choices[i] = choice;
		chosen->has_packets |= rc > 0 && choice.has_packets;
	}
	return 0;
}

/* The other source's list may have moved, and its statistics have grown. */
static void
refresh(struct chosen *chosen)
{
	for (uint32_t i = 0; i < chosen->source.interface_count; i++)
		chosen->source.interfaces[i] = chosen->from->interfaces[chosen->origins[i]];
}

static enum source_event
chosen_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct chosen *chosen = (struct chosen *)source;
	const struct choice *choice;

	for (;;) {
		enum source_event event = chosen->from->next(chosen->from, packet, why);

		if (choose_new_interfaces(chosen) < 0) {
			failure_nomem(why);
			return SOURCE_CUT;
		}
		if (event == SOURCE_NOTE)
			source->note = chosen->from->note;
		if (event == SOURCE_END || event == SOURCE_CUT || event == SOURCE_STATISTICS)
			refresh(chosen);
		if (event != SOURCE_PACKET && event != SOURCE_STATISTICS)
			return event;
		choice = &chosen->choices[packet->iface];
		if (choice->id == NOT_CHOSEN || (event == SOURCE_PACKET && !choice->has_packets))
			continue;
		packet->iface = choice->id;
		return event;
	}
}

bool
chosen_is_part(const char *part, struct failure *why)
{
	const char *slash = strchr(part, '/');

	if (*part && (!slash || is_side(slash + 1)))
		return true;
	failure_set(why,
		    "not ENGINE, /SIDE or ENGINE/SIDE, SIDE client, server, monitor or other: '%s'",
		    part);
	return false;
}

/* Splits `ENGINE/SIDE`, in place of which either may be missing. -1: out of memory. */
static int
set_part(struct chosen *chosen, const char *part)
{
	const char *slash = strchr(part, '/');
	const size_t size = slash ? (size_t)(slash - part) : strlen(part);

	if (size && !(chosen->engine = strndup(part, size)))
		return -1;
	return slash && !(chosen->side = strdup(slash + 1)) ? -1 : 0;
}

struct chosen *
chosen_new(struct source *from, const char *part, struct failure *why)
{
	struct chosen *chosen = calloc(1, sizeof(*chosen));

	if (!chosen) {
		failure_nomem(why);
		return NULL;
	}
	chosen->source.next = chosen_next;
	chosen->from = from;
	if (set_part(chosen, part) == 0)
		return chosen;
	failure_nomem(why);
	chosen_free(chosen);
	return NULL;
}

void
chosen_free(struct chosen *chosen)
{
	if (!chosen)
		return;
	free(chosen->source.interfaces);
	free(chosen->origins);
	free(chosen->choices);
	free(chosen->engine);
	free(chosen->side);
	free(chosen);
}

struct source *
chosen_source(struct chosen *chosen)
{
	return &chosen->source;
}

bool
chosen_is_empty(const struct chosen *chosen)
{
	return !chosen->has_packets;
}
