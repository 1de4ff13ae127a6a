/* Packets of stories between random ends: whether they are, says the story. */
#include "filter/between.h"

#include "frame.h"
#include "tap.h"

#include <stdlib.h>

enum { ROUNDS = 20000 };

static const char *const addresses[2][3] = {{"10.0.0.1", "10.0.0.2", "192.0.2.10"},
					    {"2001:db8::1", "2001:db8::10", "::ffff:10.0.0.1"}};
static const struct {
	const char *word;
	uint8_t number;
} protocols[] = {{"tcp", PROTOCOL_TCP},   {"udp", PROTOCOL_UDP},       {"sctp", PROTOCOL_SCTP},
		 {"icmp", PROTOCOL_ICMP}, {"icmpv6", PROTOCOL_ICMPV6}, {"47", PROTOCOL_GRE}};

/* One end of a pair: which address of a family, and a port, 0: none. */
struct end {
	int which;
	uint16_t port;
};

struct pair {
	int family; /* 0: IPv4 */
	struct end ends[2];
	int protocol; /* -1: none is given */
};

static struct addr
address(int family, int which)
{
	struct addr addr = {0};

	addr_parse(&addr, addresses[family][which], NULL);
	return addr;
}

static struct pair
any_pair(void)
{
	struct pair pair = {.family = rand() % 2, .protocol = -1};

	for (int i = 0; i < 2; i++)
		pair.ends[i] = (struct end){rand() % 3, (uint16_t)(rand() % 3)};
	if (rand() % 2)
		pair.protocol = rand() % 6;
	return pair;
}

static void
write_pair(const struct pair *pair, char to[256])
{
	char texts[2][100];

	for (int i = 0; i < 2; i++) {
		const char *text = addresses[pair->family][pair->ends[i].which];

		if (pair->ends[i].port)
			snprintf(texts[i], 100, pair->family ? "[%s]:%u" : "%s:%u", text,
				 pair->ends[i].port);
		else
			snprintf(texts[i], 100, pair->family && rand() % 2 ? "[%s]" : "%s", text);
	}
	snprintf(to, 256, "%s,%s%s%s", texts[0], texts[1], pair->protocol >= 0 ? "," : "",
		 pair->protocol >= 0 ? protocols[pair->protocol].word : "");
}

/* As its addresses are in the table. */
struct told {
	int family, source, destination, router;
	struct story story;
};

static struct told
any_story(void)
{
	struct told told = {.family = rand() % 2,
			    .source = rand() % 3,
			    .destination = rand() % 3,
			    .router = rand() % 3};
	static const uint8_t kinds[] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP, PROTOCOL_GRE};

	told.story = (struct story){.linktype = LINKTYPE_EN10MB,
				    .source = address(told.family, told.source),
				    .destination = address(told.family, told.destination),
				    .router = address(told.family, told.router),
				    .protocol = kinds[rand() % 4],
				    .source_port = (uint16_t)(1 + rand() % 2),
				    .destination_port = (uint16_t)(1 + rand() % 2),
				    .error_type = told.family ? 1 : 3};
	told.story.quoted = rand() % 4 == 0;
	if (!told.family && !told.story.quoted && rand() % 8 == 0)
		told.story.fragment = 5;
	return told;
}

/* Whether a packet from one end to the other is between them. */
static bool
is_between(const struct pair *pair, int family, struct end from, struct end to, uint8_t protocol)
{
	bool any = false;

	if (pair->family != family ||
	    (pair->protocol >= 0 && protocols[pair->protocol].number != protocol))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct end *one = &pair->ends[i], *other = &pair->ends[!i];

		any |= one->which == from.which && other->which == to.which &&
		       (!one->port || one->port == from.port) &&
		       (!other->port || other->port == to.port);
	}
	return any;
}

static bool
expect(const struct pair *pair, const struct told *told)
{
	const struct story *story = &told->story;
	bool has_ports = story->protocol != PROTOCOL_GRE && !story->fragment;
	struct end from = {told->source, has_ports ? story->source_port : 0};
	struct end to = {told->destination, has_ports ? story->destination_port : 0};

	if (is_between(pair, told->family, from, to, story->protocol))
		return true;
	return story->quoted && is_between(pair, told->family, (struct end){told->router, 0},
					   (struct end){told->source, 0},
					   told->family ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP);
}

int
main(void)
{
	unsigned wrong = 0, found = 0;
	struct failure why;

	for (int round = 0; round < ROUNDS; round++) {
		struct between between = BETWEEN_INIT;
		struct pair pairs[2] = {any_pair(), any_pair()};
		struct told told = any_story();
		struct frame frame;
		struct packet packet;
		char text[256];
		bool is_wanted;

		for (int i = 0; i < 2; i++) {
			write_pair(&pairs[i], text);
			if (between_add(&between, text, &why) < 0) {
				printf("# %s: %s\n", text, why.text);
				wrong++;
			}
		}
		frame_build(&frame, &told.story);
		packet = frame_packet(&frame);
		is_wanted = expect(&pairs[0], &told) || expect(&pairs[1], &told);
		found += is_wanted;
		wrong += between_has(&between, NULL, &packet, LINKTYPE_EN10MB) != is_wanted;
		between_release(&between);
	}
	ok(wrong == 0, "packets are between ends, or not, as their stories say: %u are not", wrong);
	ok(found > ROUNDS / 50 && found < ROUNDS / 2, "some are, and most are not: %u", found);
	return done_testing();
}
