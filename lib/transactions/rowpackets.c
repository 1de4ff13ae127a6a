#include "transactions/rowpackets.h"

#include "filter/sighting.h"
#include "packet/dissect.h"

void
rowpackets_set(struct rowpackets *rowpackets, const struct service *service,
	       const struct transaction *row)
{
	*rowpackets = (struct rowpackets){.service = service,
					  .client = row->client,
					  .vip = row->vip,
					  .source = row->source,
					  .server = row->server,
					  .from_ns = row->packets_from_ns,
					  .to_ns = row->packets_to_ns,
					  .is_set = true};
}

static bool
is_end(const struct transaction_end *end, struct addr addr, uint16_t port)
{
	return end->is_known && end->has_port && end->port == port &&
	       end->addr.family == addr.family && end->addr.value == addr.value;
}

/* Whether the packet goes from one of these ends to the other, or back. */
static bool
is_between(const struct tuple *tuple, const struct transaction_end *one,
	   const struct transaction_end *other)
{
	return (is_end(one, tuple->source, tuple->source_port) &&
		is_end(other, tuple->destination, tuple->destination_port)) ||
	       (is_end(other, tuple->source, tuple->source_port) &&
		is_end(one, tuple->destination, tuple->destination_port));
}

bool
rowpackets_has(void *context, const struct packet *packet, uint16_t linktype)
{
	const struct rowpackets *rowpackets = context;
	struct sighting seen;

	if (packet->ts_ns < rowpackets->from_ns || packet->ts_ns > rowpackets->to_ns)
		return false;
	/* The service knows what is inside of tunnels. */
	if (rowpackets->service ? !sighting_make(&seen, rowpackets->service, packet, linktype)
				: !dissect_packet(packet, linktype, &seen.tuple))
		return false;
	return seen.tuple.has_ports &&
	       (is_between(&seen.tuple, &rowpackets->client, &rowpackets->vip) ||
		is_between(&seen.tuple, &rowpackets->source, &rowpackets->server));
}
