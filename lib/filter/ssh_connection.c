#include "filter/ssh_connection.h"

#include "filter/emit-int.h"
#include "packet/dissect.h"
#include "packet/packet.h"

#include <stdio.h>

/* Offsets from the beginning of an Ethernet frame. Ports are relative to X. */
struct layout {
	uint16_t type;
	uint32_t protocol, source, destination, ports;
	unsigned words; /* of an address */
};

static const struct layout ipv4 = {0x0800, 23, 26, 30, 14, 1};
static const struct layout ipv6 = {0x86dd, 20, 22, 38, 54, 4};

/* One end of a packet: where its address and port are, and what they would be. */
struct end {
	uint32_t address_at, port_at;
	struct addr addr;
	uint16_t port;
};

static label
is_end(struct codegen *cg, const struct layout *layout, const struct end *end, label yes, label no)
{
	yes = codegen_test(cg, JEQ, end->port, yes, no);
	yes = codegen_op(cg, LOAD_HALF, end->port_at, yes);
	for (unsigned i = layout->words; i-- > 0;) {
		uint32_t word = (uint32_t)(end->addr.value >> 32 * (layout->words - 1 - i));

		yes = codegen_test(cg, JEQ, word, yes, no);
		yes = codegen_op(cg, BPF_LD | BPF_W | BPF_ABS, end->address_at + 4 * i, yes);
	}
	return yes;
}

/* From A to B. */
static label
is_direction(struct codegen *cg, const struct layout *layout, struct end from, struct end to,
	     label yes, label no)
{
	from.address_at = layout->source;
	from.port_at = layout->ports;
	to.address_at = layout->destination;
	to.port_at = layout->ports + 2;
	return is_end(cg, layout, &from, is_end(cg, layout, &to, yes, no), no);
}

int
ssh_connection_compile(const struct ssh_connection *connection, struct bpf *program,
		       struct failure *why)
{
	const struct layout *layout = connection->server.family == 4 ? &ipv4 : &ipv6;
	struct end client = {.addr = connection->client, .port = connection->client_port};
	struct end server = {.addr = connection->server, .port = connection->server_port};
	struct codegen *cg = codegen_new();
	label accept = codegen_return(cg, PACKET_SNAPLEN), reject = codegen_return(cg, 0);
	label entry = is_direction(cg, layout, server, client, reject, accept);
	int rc;

	entry = is_direction(cg, layout, client, server, reject, entry);
	if (layout == &ipv4) {
		/* X is the length of the header; a later fragment has no ports. */
		entry = codegen_op(cg, BPF_LDX | BPF_B | BPF_MSH, 14, entry);
		entry = codegen_test(cg, JSET, 0x1fff, accept, entry);
		entry = codegen_op(cg, BPF_LD | BPF_H | BPF_ABS, 20, entry);
	} else {
		entry = codegen_op(cg, BPF_LDX | BPF_IMM, 0, entry);
	}
	entry = codegen_test(cg, JEQ, PROTOCOL_TCP, entry, accept);
	entry = codegen_op(cg, BPF_LD | BPF_B | BPF_ABS, layout->protocol, entry);
	entry = codegen_test(cg, JEQ, layout->type, entry, accept);
	entry = codegen_op(cg, BPF_LD | BPF_H | BPF_ABS, 12, entry);
	rc = codegen_assemble(cg, entry, program, why);
	codegen_free(cg);
	return rc;
}

int
ssh_connection_parse(struct ssh_connection *connection, const char *text, struct failure *why)
{
	char client[ADDR_TEXT], server[ADDR_TEXT], rest;
	unsigned client_port, server_port;

	/* ADDR_TEXT is 46 at least, an IPv6 address. */
	if (sscanf(text, "%45s %5u %45s %5u%c", client, &client_port, server, &server_port,
		   &rest) != 4 ||
	    client_port > UINT16_MAX || server_port > UINT16_MAX ||
	    addr_parse(&connection->client, client, why) < 0 ||
	    addr_parse(&connection->server, server, why) < 0 ||
	    connection->client.family != connection->server.family)
		return failure_set(why, "SSH_CONNECTION is no connection");
	connection->client_port = (uint16_t)client_port;
	connection->server_port = (uint16_t)server_port;
	return 0;
}

void
ssh_connection_leave_out(const char *variable, struct bpf *program,
			 void (*print)(const char *format, ...))
{
	struct ssh_connection own;
	char client[ADDR_TEXT];
	struct failure why;

	if (!variable || !*variable)
		return;
	if (ssh_connection_parse(&own, variable, &why) < 0 ||
	    ssh_connection_compile(&own, program, &why) < 0)
		print("%s: it is captured, too", why.text);
	else
		print("the ssh connection from %s port %u is left out (--with-ssh: it is not)",
		      addr_format(own.client, client, sizeof(client)), own.client_port);
}
