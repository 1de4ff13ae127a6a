/*
 * The connection that this process is reached by, as sshd tells it in SSH_CONNECTION (ssh(1)): a
 * capture that is streamed through it would hold its own bytes, and those again.
 */
#ifndef VCAP_SSH_CONNECTION_H
#define VCAP_SSH_CONNECTION_H

#include "base/failure.h"
#include "packet/addrset.h"
#include "packet/bpf.h"

#include <stdint.h>

struct ssh_connection {
	struct addr client, server;
	uint16_t client_port, server_port;
};

/* Reads "CLIENT PORT SERVER PORT". -1 with why: it is something else; *connection is undefined. */
int ssh_connection_parse(struct ssh_connection *connection, const char *text, struct failure *why);

/* A program for Ethernet that accepts all but the packets of this connection, in both directions.
 * Behind VLAN tags, and as later fragments, they are accepted. -1 with why: *program is unchanged. */
int ssh_connection_compile(const struct ssh_connection *connection, struct bpf *program,
			   struct failure *why);

/* Both, for the value of SSH_CONNECTION, and prints a line that says so. NULL or an empty one is none; for
 * one that is not understood the line says that, and *program is unchanged. */
void ssh_connection_leave_out(const char *variable, struct bpf *program,
			      void (*print)(const char *format, ...)
				  __attribute__((format(printf, 1, 2))));

#endif
