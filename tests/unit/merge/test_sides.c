/* Packets on interfaces that are named after their side. */
#include "merge/sides.h"

#include "filter/sighting.h"
#include "frame.h"
#include "tap.h"

#include <stdlib.h>

enum { FRAMES = 60 };

static struct failure why;
static struct interface interfaces[] = {
    {.name = (char *)"lb1/eth0", .linktype = LINKTYPE_EN10MB},
    {.name = (char *)"lb1/eth1/client", .linktype = LINKTYPE_EN10MB},
};

/* A source of frames, in turn on the first interface and the second, which has a side. */
struct frames {
	struct source source; /* first */
	struct frame list[FRAMES];
	size_t count, at;
};

static enum source_event
frames_next(struct source *source, struct packet *packet, struct failure *what)
{
	struct frames *frames = (struct frames *)source;

	(void)what;
	if (frames->at == frames->count)
		return SOURCE_END;
	*packet = frame_packet(&frames->list[frames->at]);
	packet->iface = frames->at++ % 2;
	return SOURCE_PACKET;
}

static struct addr
addr(const char *text)
{
	struct addr parsed;

	addr_parse(&parsed, text, NULL);
	return parsed;
}

/* Frames between random ones of these ends. */
static void
make_frames(struct frames *frames)
{
	static const char *const ends[] = {"192.0.2.10", "10.0.1.11", "198.51.100.1", "10.0.9.1"};

	*frames = (struct frames){
	    .source = {.next = frames_next, .interfaces = interfaces, .interface_count = 2}};
	for (; frames->count < FRAMES; frames->count++) {
		const struct story story = {.linktype = LINKTYPE_EN10MB,
					    .source = addr(ends[rand() % 4]),
					    .destination = addr(ends[rand() % 4]),
					    .protocol = PROTOCOL_TCP,
					    .source_port = 40000,
					    .destination_port = rand() % 2 ? 443 : 8080};

		frame_build(&frames->list[frames->count], &story);
	}
}

/* The name that a packet of the first interface is to have. */
static const char *
expected_name(const struct service *service, const struct packet *packet)
{
	static char name[64];
	enum side side = SIDE_OTHER;
	struct tuple tuple;

	if (dissect_packet(packet, LINKTYPE_EN10MB, &tuple))
		side = sighting_side(service, &tuple);
	snprintf(name, sizeof(name), "lb1/eth0/%s", service_side_name(side));
	return name;
}

int
main(void)
{
	static const char text[] = "vip 192.0.2.10 tcp/443\nserver 10.0.1.11 tcp/8080\n";
	static struct frames frames;
	struct service service;
	unsigned wrong = 0, changed = 0, seen = 0, duplicates = 0;
	struct packet packet;
	struct source *source;
	struct sides *sides;

	srand(1);
	make_frames(&frames);
	if (service_parse(&service, "shop", text, "shop", &why) < 0)
		abort();
	sides = sides_new(&frames.source, &service, &why);
	source = sides_source(sides);
	for (; source->next(source, &packet, &why) == SOURCE_PACKET; seen++) {
		const char *name = source->interfaces[packet.iface].name;

		if (seen % 2)
			changed += strcmp(name, interfaces[1].name) != 0;
		else
			wrong += strcmp(name, expected_name(&service, &packet)) != 0;
	}
	for (uint32_t i = 0; i < source->interface_count; i++)
		for (uint32_t j = 0; j < i; j++)
			duplicates +=
			    strcmp(source->interfaces[i].name, source->interfaces[j].name) == 0;
	ok(seen == FRAMES, "every packet passes");
	ok(wrong == 0, "the name ends with the side that the service tells");
	ok(changed == 0, "an interface that has a side keeps it");
	is_str(source->interfaces[0].name, interfaces[0].name,
	       "the other source's interface stays");
	ok(duplicates == 0 && source->interface_count > 3, "each side is one interface");
	sides_free(sides);
	service_release(&service);
	return done_testing();
}
