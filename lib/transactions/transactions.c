/*
 * A packet belongs to a side, by the service or by the label of its interface, and there to a
 * connection. What that carries comes back by the functions of a watch: a client's request waits for a
 * server; a server-side one is paired with it as soon as its head is complete (relate.c). A request is
 * over when its response was acknowledged, and becomes a row a little later (settle.c).
 */
#include "transactions/transactions.h"

#include "base/clock.h"
#include "filter/sighting.h"
#include "packet/dissect.h"
#include "packet/tcp_header.h"
#include "transactions/conversation.h"
#include "transactions/transactions-int.h"

#include <stdlib.h>

/* A flow of datagrams is over after so long. */
#define FLOW_NS (30 * NS_PER_SECOND)

/* A conntable_end. */
static void
end_conn(void *context, struct conn *conn)
{
	struct transactions *t = context;

	t->ran_short |= t->memory.used + sizeof(struct sideconn) > t->memory.limit;
	if (t->is_end)
		settle_conn(t, sideconn_of(conn));
	else
		settle_now(t, sideconn_of(conn));
	if (!conn->key.is_server_side)
		pairing_remove_client(t->pairing, sideconn_of(conn));
}

/* A conntable_discard. */
static void
discard_conn(void *context, struct conn *conn)
{
	struct transactions *t = context;
	struct sideconn *side = sideconn_of(conn);

	relate_drop_bare(t, side);
	for (struct exchange *e = side->first; e; e = e->next) {
		pairing_stop_waiting(t->pairing, e);
		relate_drop_attempts(t, e);
		relate_drop_client(t, e);
	}
	conversation_release(side, &t->memory);
}

/* The connection key of a packet with these ends. */
static struct conn_key
key_of(const struct tuple *tuple, enum side side, bool source_varies)
{
	struct conn_key key = {.is_server_side = side == SIDE_SERVER};

	key.ends.protocol = tuple->protocol;
	key.ends.one = source_varies ? tuple->source : tuple->destination;
	key.ends.other = source_varies ? tuple->destination : tuple->source;
	key.ends.port = source_varies ? tuple->source_port : tuple->destination_port;
	key.ends.other_port = source_varies ? tuple->destination_port : tuple->source_port;
	return key;
}

/* The side of a packet, its ends, and whether its source is the one that opened the connection. False: it is
 * none with ends. */
static bool
sight(const struct transactions *t, const struct packet *packet,
      const struct transactions_place *place, struct sighting *seen)
{
	const struct tuple *tuple = &seen->tuple;

	if (t->config.service)
		return sighting_make(seen, t->config.service, packet, place->linktype);
	if (!dissect_packet(packet, place->linktype, &seen->tuple))
		return false;
	/* The server's port is the lower one, unless a SYN says otherwise: the table knows. */
	seen->source_varies = tuple->source_port >= tuple->destination_port;
	if (tuple->protocol == PROTOCOL_TCP && tuple->transport &&
	    tcp_flags(tuple->transport) & TCP_SYN)
		seen->source_varies = !(tcp_flags(tuple->transport) & TCP_ACK);
	seen->side = place->side == SIDE_OTHER ? SIDE_CLIENT : place->side;
	return true;
}

static void
begin_conn(struct transactions *t, struct sideconn *conn, uint32_t engine)
{
	sideconn_begin(conn, engine);
	conn->is_begun = true;
	conn->entry =
	    connlist_begin(t->config.connlist, &conn->conn.key.ends,
			   conn->conn.key.is_server_side ? SIDE_SERVER : SIDE_CLIENT, engine);
	if (!conn->conn.key.is_server_side)
		pairing_add_client(t->pairing, conn);
}

/* A flow of datagrams that was silent for long is over; another begins. */
static void
split_flow(struct transactions *t, struct sideconn *conn, int64_t ts_ns)
{
	if (conn->conn.key.ends.protocol == PROTOCOL_TCP || ts_ns - conn->last_ns <= FLOW_NS)
		return;
	conn->conn.last_ns = conn->last_ns;
	settle_flow(t, conn);
	conn->conn.start_ns = conn->conn.last_ns = ts_ns;
	conn->bytes[0] = conn->bytes[1] = 0;
	conn->directions[0].segments = conn->directions[1].segments = 0;
}

/* Returns its number in the list of conversations. */
static uint32_t
see_conn(struct transactions *t, const struct conn_key *key, struct side_packet *packet,
	 uint32_t engine)
{
	struct conn *conn =
	    conntable_see(t->conns, key, &packet->direction, packet->ts_ns, packet->tuple);
	struct sideconn *side;
	uint64_t syns;

	if (!conn) {
		t->ran_short = true;
		return CONNLIST_NONE;
	}
	side = sideconn_of(conn);
	if (side->is_finished)
		return side->entry; /* it was told */
	if (!side->is_begun)
		begin_conn(t, side, engine);
	else
		split_flow(t, side, packet->ts_ns);
	side->last_ns = packet->ts_ns;
	syns = side->syns;
	conversation_see(side, packet, &t->watch);
	if (conn->key.is_server_side && syns == 0 && side->syns == 1)
		relate_attempt(t, side);
	if (conn->key.is_server_side && !sideconn_has_requests(side) &&
	    packet->tuple->payload_wire > 0)
		t->unpaired_ns = packet->ts_ns; /* it may be anything */
	if (conn->stage == CONN_CLOSED)
		settle_conn(t, side);
	return side->entry;
}

/* Follows the connection of a packet that was sighted. Returns its number in the list of conversations;
 * CONNLIST_NONE: it is of none. */
static uint32_t
follow(struct transactions *t, const struct packet *packet, uint64_t number,
       const struct transactions_place *place, const struct sighting *sighted)
{
	const struct tuple *tuple = &sighted->tuple;
	struct side_packet seen = {.tuple = tuple,
				   .ts_ns = packet->ts_ns,
				   .number = number,
				   .iface = packet->iface,
				   .direction =
				       sighted->source_varies ? CONN_FORWARD : CONN_BACKWARD};
	struct conn_key key;

	if (tuple->only_addresses || !tuple->has_ports)
		return CONNLIST_NONE;
	if (sighted->side != SIDE_CLIENT && sighted->side != SIDE_SERVER)
		return CONNLIST_NONE;
	key = key_of(tuple, sighted->side, sighted->source_varies);
	if (tuple->is_quoted) {
		struct conn *conn = conntable_find(t->conns, &key);

		if (!conn)
			return CONNLIST_NONE;
		if (sideconn_of(conn)->unreachable_ns == EXCHANGE_NEVER)
			sideconn_of(conn)->unreachable_ns = packet->ts_ns;
		return sideconn_of(conn)->entry;
	}
	if (tuple->protocol == PROTOCOL_TCP && !tuple->transport)
		return CONNLIST_NONE;
	return see_conn(t, &key, &seen, place->engine);
}

/* The number of what is no connection that is followed: by its ends, both directions in one. An ICMP error
 * about what was not seen is between its own. */
static uint32_t
list_other(struct transactions *t, const struct packet *packet,
	   const struct transactions_place *place, const struct sighting *sighted)
{
	enum side side = sighted ? sighted->side : SIDE_OTHER;
	bool from_one = sighted && sighted->source_varies;
	struct tuple tuple = {.protocol = 0};
	struct flowkey ends = {.protocol = 0};

	if (sighted && sighted->tuple.is_quoted) {
		dissect_addresses(packet, place->linktype, &tuple);
		tuple.protocol = tuple.source.family == 6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
		from_one = !from_one; /* it goes back to who sent what it quotes */
	} else if (sighted) {
		tuple = sighted->tuple;
	}
	if (tuple.source.family) {
		if (side != SIDE_CLIENT && side != SIDE_SERVER)
			from_one = tuple.source.value < tuple.destination.value;
		ends = key_of(&tuple, side, from_one).ends;
	}
	return connlist_between(t->config.connlist, &ends, side, place->engine);
}

void
transactions_see(struct transactions *t, const struct packet *packet, uint64_t number,
		 const struct transactions_place *place)
{
	uint32_t entry = CONNLIST_NONE;
	struct sighting sighted;
	bool is_sighted;

	transactions_pass(t, packet->ts_ns);
	is_sighted = sight(t, packet, place, &sighted);
	if (is_sighted)
		entry = follow(t, packet, number, place, &sighted);
	if (!t->config.connlist)
		return;
	if (entry == CONNLIST_NONE)
		entry = list_other(t, packet, place, is_sighted ? &sighted : NULL);
	connlist_count(t->config.connlist, entry, packet);
}

void
transactions_finish(struct transactions *t)
{
	t->is_end = true;
	conntable_end_all(t->conns);
	settle_due(t);
}

void
transactions_pass(struct transactions *t, int64_t now_ns)
{
	if (now_ns > t->now_ns)
		t->now_ns = now_ns;
	settle_due(t);
}

uint64_t
transactions_count(const struct transactions *t)
{
	return t->ids;
}

bool
transactions_ran_short(const struct transactions *t)
{
	return t->ran_short;
}

void
transactions_pair(struct transactions *t, const struct connpair *pair)
{
	pairing_add_pair(t->pairing, pair);
	sayings_add(&t->sayings, pair);
}

struct transactions *
transactions_new(const struct transactions_config *config, struct failure *why)
{
	struct transactions *t = calloc(1, sizeof(*t));
	const struct conntable_config table = {.size = sizeof(struct sideconn),
					       .allowance = t ? &t->memory : NULL,
					       .secret = config->secret,
					       .end = end_conn,
					       .discard = discard_conn,
					       .context = t};

	if (!t) {
		failure_nomem(why);
		return NULL;
	}
	t->config = *config;
	t->memory.limit = config->memory;
	t->now_ns = t->unpaired_ns = EXCHANGE_NEVER;
	t->watch = (struct sideconn_watch){.asked = relate_on_asked,
					   .answered = relate_on_answered,
					   .opened = relate_on_opened,
					   .context = t,
					   .allowance = &t->memory,
					   .rule = &t->rule};
	t->rule.service = config->service;
	t->rule.header =
	    config->header.name || !config->service ? config->header : config->service->header;
	t->pairing =
	    pairing_new(config->secret, config->service && config->service->source_client, why);
	t->conns = t->pairing ? conntable_new(&table, why) : NULL;
	if (t->conns)
		return t;
	transactions_free(t);
	return NULL;
}

void
transactions_free(struct transactions *t)
{
	if (!t)
		return;
	if (t->conns && !t->is_end)
		transactions_finish(t);
	conntable_free(t->conns);
	pairing_free(t->pairing);
	sayings_release(&t->sayings);
	free(t);
}
