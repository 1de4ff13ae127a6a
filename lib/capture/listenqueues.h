/*
 * The accept queues of this network namespace's listeners: which of them are full right now. It holds a
 * netlink socket that was opened before, and only reads and writes it: a confined process may use it.
 *
 * Sources: sock_diag(7); net/ipv4/tcp_diag.c: of a listener, idiag_rqueue is the length of its accept
 * queue and idiag_wqueue the most; sk_acceptq_is_full in include/net/sock.h.
 */
#ifndef VCAP_LISTENQUEUES_H
#define VCAP_LISTENQUEUES_H

#include <stddef.h>

/* A socket for listenqueues_add_full, the caller's; -1: this kernel has none. */
int listenqueues_open(void);

/* Adds the TCP listeners whose queue is full to places, as "192.0.2.10:443" with blanks between, those
 * that are not there yet and for which there is room. size: of places, with its NUL. An error adds
 * nothing. */
void listenqueues_add_full(int fd, char *places, size_t size);

#endif
