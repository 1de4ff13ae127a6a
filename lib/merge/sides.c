/*
 * A source on top of another one: each packet is moved to an interface of its side, which is added
 * with its first packet. Statistics stay with an interface without a side, since the kernel counts
 * drops before anything tells the sides apart.
 */
#include "merge/sides.h"

#include "filter/sighting.h"
#include "merge/label.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDES        4
#define NO_INTERFACE UINT32_MAX

/* The interfaces that stand for one of the other source. */
struct side_map {
	uint32_t sideless;
	uint32_t sides[SIDES]; /* by enum side; NO_INTERFACE until the first packet */
	bool is_sided;         /* its name has a side: packets stay on it */
	bool is_untold;        /* it has packets whose side cannot be told */
};

struct sides {
	struct source source; /* first */
	struct source *from;
	const struct service *service;
	struct side_map *maps; /* by interface of from */
	uint32_t map_count, interface_room;
};

/* Adds a copy of interface that shares its strings but for the name, which becomes the copy's. */
static int
add_interface(struct sides *sides, const struct interface *interface, char *name, uint32_t *id)
{
	uint32_t count = sides->source.interface_count;

	if (!name)
		return -1;
	if (count == sides->interface_room) {
		uint32_t room = count ? 2 * count : 8;
		struct interface *interfaces =
		    realloc(sides->source.interfaces, room * sizeof(*interfaces));

		if (!interfaces) {
			free(name);
			return -1;
		}
		sides->source.interfaces = interfaces;
		sides->interface_room = room;
	}
	sides->source.interfaces[count] = *interface;
	sides->source.interfaces[count].name = name;
	sides->source.interfaces[count].statistics = (struct statistics){0};
	*id = count;
	sides->source.interface_count++;
	return 0;
}

/* Adds the interfaces of the other source that are new. */
static int
map_new_interfaces(struct sides *sides)
{
	const struct source *from = sides->from;
	struct side_map *maps;

	if (sides->map_count == from->interface_count)
		return 0;
	maps = realloc(sides->maps, from->interface_count * sizeof(*maps));
	if (!maps)
		return -1;
	sides->maps = maps;
	for (uint32_t i = sides->map_count; i < from->interface_count; i++) {
		const struct interface *interface = &from->interfaces[i];
		const struct label_hint hint = {.fallback = "-"};
		struct label label;

		if (label_of(&label, interface, &hint) < 0)
			return -1;
		maps[i].is_sided = label.side;
		maps[i].is_untold = false;
		memset(maps[i].sides, 0xff, sizeof(maps[i].sides));
		if (add_interface(sides, interface, label_format(&label, label.side),
				  &maps[i].sideless) < 0) {
			label_release(&label);
			return -1;
		}
		label_release(&label);
		sides->map_count++;
	}
	return 0;
}

static int
find_interface(struct sides *sides, const struct packet *packet, uint32_t *id)
{
	struct side_map *map = &sides->maps[packet->iface];
	const struct interface *interface = &sides->from->interfaces[packet->iface];
	const char *sideless = sides->source.interfaces[map->sideless].name;
	struct sighting seen;
	enum side side;
	char *name;

	*id = map->sideless;
	if (map->is_sided)
		return 0;
	if (!linktype_find(interface->linktype)) {
		map->is_untold = true;
		return 0;
	}
	side = sighting_make(&seen, sides->service, packet, interface->linktype) ? seen.side
										 : SIDE_OTHER;
	if (map->sides[side] == NO_INTERFACE) {
		if (asprintf(&name, "%s/%s", sideless, service_side_name(side)) < 0)
			return -1;
		if (add_interface(sides, interface, name, &map->sides[side]) < 0)
			return -1;
	}
	*id = map->sides[side];
	return 0;
}

static void
copy_statistics(struct sides *sides)
{
	for (uint32_t i = 0; i < sides->map_count; i++) {
		struct interface *sideless = &sides->source.interfaces[sides->maps[i].sideless];

		sideless->statistics = sides->from->interfaces[i].statistics;
		sideless->comment = sides->from->interfaces[i].comment;
	}
}

static enum source_event
sides_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct sides *sides = (struct sides *)source;
	enum source_event event = sides->from->next(sides->from, packet, why);

	if (map_new_interfaces(sides) < 0)
		goto no_memory;
	if (event == SOURCE_PACKET && find_interface(sides, packet, &packet->iface) < 0)
		goto no_memory;
	if (event == SOURCE_STATISTICS)
		packet->iface = sides->maps[packet->iface].sideless;
	if (event == SOURCE_NOTE)
		source->note = sides->from->note;
	else if (event != SOURCE_PACKET)
		copy_statistics(sides);
	return event;
no_memory:
	failure_nomem(why);
	return SOURCE_CUT;
}

struct sides *
sides_new(struct source *from, const struct service *service, struct failure *why)
{
	struct sides *sides = calloc(1, sizeof(*sides));

	if (!sides) {
		failure_nomem(why);
		return NULL;
	}
	sides->source.next = sides_next;
	sides->from = from;
	sides->service = service;
	return sides;
}

void
sides_free(struct sides *sides)
{
	if (!sides)
		return;
	for (uint32_t i = 0; i < sides->source.interface_count; i++)
		free(sides->source.interfaces[i].name);
	free(sides->source.interfaces);
	free(sides->maps);
	free(sides);
}

const struct interface *
sides_untold(const struct sides *sides, uint32_t i)
{
	return i < sides->map_count && sides->maps[i].is_untold ? &sides->from->interfaces[i]
								: NULL;
}

struct source *
sides_source(struct sides *sides)
{
	return &sides->source;
}
