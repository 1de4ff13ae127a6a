#include "filter/between.h"

#include "base/array.h"
#include "base/parse.h"
#include "filter/sighting.h"

#include <stdlib.h>
#include <string.h>

/* Of one end; of an address the longest text has a mapped one, brackets and a port. */
#define END_TEXT 80

void
between_release(struct between *between)
{
	free(between->list);
	*between = BETWEEN_INIT;
}

/* Cuts off the port, if the end has one. */
static int
take_port(char *end, uint16_t *port, struct failure *why)
{
	char *colon = strrchr(end, ':');
	uint64_t number = 0;

	*port = 0;
	/* An address of IPv6 has colons of its own. */
	if (!colon || (*end != '[' && strchr(end, ':') != colon) ||
	    (*end == '[' && colon[-1] != ']'))
		return 0;
	if (parse_number(colon + 1, UINT16_MAX, &number, why) < 0)
		return -1;
	*colon = '\0';
	*port = (uint16_t)number;
	return 0;
}

static int
parse_end(const char *text, size_t size, struct addr *addr, uint16_t *port, struct failure *why)
{
	char end[END_TEXT], *from = end;

	if (size == 0 || size >= sizeof(end))
		return failure_set(why, "not an address: '%.*s'", (int)size, text);
	memcpy(end, text, size);
	end[size] = '\0';
	if (take_port(end, port, why) < 0)
		return -1;
	size = strlen(end);
	if (*end == '[' && end[size - 1] == ']') {
		end[size - 1] = '\0';
		from++;
	}
	return addr_parse(addr, from, why);
}

static int
parse_protocol(const char *word, int *protocol, struct failure *why)
{
	uint64_t number = ipproto_number(word, strlen(word));

	if (strcmp(word, "icmp") == 0)
		number = PROTOCOL_ICMP;
	else if (strcmp(word, "icmpv6") == 0)
		number = PROTOCOL_ICMPV6;
	else if (number == 0 && parse_number(word, UINT8_MAX, &number, why) < 0)
		return -1;
	*protocol = (int)number;
	return 0;
}

int
between_add(struct between *between, const char *text, struct failure *why)
{
	struct between_pair pair = {.protocol = -1};
	size_t first = strcspn(text, ","), second;

	if (!text[first])
		return failure_set(why, "not two ends, 'ADDRESS:PORT,ADDRESS:PORT': '%s'", text);
	second = strcspn(text + first + 1, ",");
	if (parse_end(text, first, &pair.addrs[0], &pair.ports[0], why) < 0 ||
	    parse_end(text + first + 1, second, &pair.addrs[1], &pair.ports[1], why) < 0 ||
	    (text[first + 1 + second] &&
	     parse_protocol(text + first + second + 2, &pair.protocol, why) < 0))
		return -1;
	if (array_grow(&between->list, between->count, sizeof(pair)) < 0)
		return failure_nomem(why);
	between->list[between->count++] = pair;
	return 0;
}

static bool
is_end(const struct between_pair *pair, int i, struct addr addr, uint16_t port)
{
	return pair->addrs[i].family == addr.family && pair->addrs[i].value == addr.value &&
	       (pair->ports[i] == 0 || pair->ports[i] == port);
}

static bool
has_tuple(const struct between *between, const struct tuple *tuple)
{
	const uint16_t from = tuple->has_ports ? tuple->source_port : 0;
	const uint16_t to = tuple->has_ports ? tuple->destination_port : 0;

	for (size_t i = 0; i < between->count; i++) {
		const struct between_pair *pair = &between->list[i];

		if (pair->protocol >= 0 && pair->protocol != tuple->protocol)
			continue;
		for (int one = 0; one < 2; one++)
			if (is_end(pair, one, tuple->source, from) &&
			    is_end(pair, !one, tuple->destination, to))
				return true;
	}
	return false;
}

bool
between_has(const struct between *between, const struct service *service,
	    const struct packet *packet, uint16_t linktype)
{
	struct sighting seen;
	struct tuple outer;

	if (service ? !sighting_make(&seen, service, packet, linktype)
		    : !dissect_packet(packet, linktype, &seen.tuple))
		return false;
	if (has_tuple(between, &seen.tuple))
		return true;
	if (!seen.tuple.is_quoted || dissect_addresses(packet, linktype, &outer) != DISSECT_FOUND)
		return false;
	outer.protocol = outer.source.family == 6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
	return has_tuple(between, &outer);
}
