#include "merge/sides.h"

#include "merge/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDES   4
#define UNKNOWN UINT32_MAX

/* Where an interface of the other source goes. */
struct route {
	uint32_t plain;
	uint32_t sides[SIDES]; /* UNKNOWN until the first packet */
	bool is_sided;         /* it had a side before */
};

struct sides {
	struct source source; /* first */
	struct source *from;
	const struct service *service;
	struct route *routes; /* by interface of from */
	uint32_t route_count, interface_room;
};

/* Adds a copy of interface that shares its strings but for the name, which it takes over. */
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

/* Gives every interface of the other source that is new its place. */
static int
follow(struct sides *sides)
{
	const struct source *from = sides->from;
	struct route *routes;

	if (sides->route_count == from->interface_count)
		return 0;
	routes = realloc(sides->routes, from->interface_count * sizeof(*routes));
	if (!routes)
		return -1;
	sides->routes = routes;
	for (uint32_t i = sides->route_count; i < from->interface_count; i++) {
		const struct interface *interface = &from->interfaces[i];
		const struct label_hint hint = {.fallback = "-"};
		struct label label;

		if (label_of(&label, interface, &hint) < 0)
			return -1;
		routes[i].is_sided = label.side;
		memset(routes[i].sides, 0xff, sizeof(routes[i].sides));
		if (add_interface(sides, interface, label_format(&label, label.side),
				  &routes[i].plain) < 0) {
			label_release(&label);
			return -1;
		}
		label_release(&label);
		sides->route_count++;
	}
	return 0;
}

static int
route_of(struct sides *sides, const struct packet *packet, uint32_t *id)
{
	struct route *route = &sides->routes[packet->iface];
	const struct interface *interface = &sides->from->interfaces[packet->iface];
	const char *plain = sides->source.interfaces[route->plain].name;
	enum side side = SIDE_OTHER;
	struct tuple tuple;
	char *name;

	*id = route->plain;
	if (route->is_sided)
		return 0;
	if (dissect_packet(packet, interface->linktype, &tuple))
		side = service_side(sides->service, &tuple);
	if (route->sides[side] == UNKNOWN) {
		if (asprintf(&name, "%s/%s", plain, service_side_name(side)) < 0)
			return -1;
		if (add_interface(sides, interface, name, &route->sides[side]) < 0)
			return -1;
	}
	*id = route->sides[side];
	return 0;
}

static void
copy_statistics(struct sides *sides)
{
	for (uint32_t i = 0; i < sides->route_count; i++) {
		struct interface *plain = &sides->source.interfaces[sides->routes[i].plain];

		plain->statistics = sides->from->interfaces[i].statistics;
		plain->comment = sides->from->interfaces[i].comment;
	}
}

static enum source_event
sides_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct sides *sides = (struct sides *)source;
	enum source_event event = sides->from->next(sides->from, packet, why);

	if (follow(sides) < 0)
		goto no_memory;
	if (event == SOURCE_PACKET && route_of(sides, packet, &packet->iface) < 0)
		goto no_memory;
	if (event == SOURCE_STATISTICS)
		packet->iface = sides->routes[packet->iface].plain;
	if (event == SOURCE_NOTE)
		source->note = sides->from->note;
	else if (event != SOURCE_PACKET)
		copy_statistics(sides);
	return event;
no_memory:
	failure_errno(why, "cannot tell the sides");
	return SOURCE_CUT;
}

struct sides *
sides_new(struct source *from, const struct service *service, struct failure *why)
{
	struct sides *sides = calloc(1, sizeof(*sides));

	if (!sides) {
		failure_errno(why, "cannot tell the sides");
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
	free(sides->routes);
	free(sides);
}

struct source *
sides_source(struct sides *sides)
{
	return &sides->source;
}
