/*
 * The handshake of a TCP connection (RFC 9293, 3.5), as far as packets show it: whether the connect
 * was answered, and whether both ends know that. Views may lack a direction or single packets.
 */
#ifndef VCAP_HANDSHAKE_H
#define VCAP_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

enum handshake_state {
	HANDSHAKE_UNSEEN,   /* no SYN */
	HANDSHAKE_ASKED,    /* a SYN, and no answer to it */
	HANDSHAKE_ANSWERED, /* a SYN+ACK */
	HANDSHAKE_REFUSED, /* an RST or an ICMP error; or the opener had given up before the SYN+ACK */
	HANDSHAKE_DONE,    /* completed. Final */
};

struct handshake {
	uint32_t isn;       /* the opener's initial sequence number, if has_isn */
	uint32_t other_isn; /* the other end's, if has_other_isn */
	enum handshake_state state : 8;
	bool has_isn : 1, has_other_isn : 1;
	bool has_syn : 1;   /* the opener's SYN was seen, not only the answer to it */
	bool has_bytes : 1; /* sequence numbers tell of payload, captured or not */
};

enum handshake_sender { HANDSHAKE_OPENER, HANDSHAKE_OTHER };

/* Takes a packet: the TCP header, 20 bytes of it. */
void handshake_see(struct handshake *handshake, enum handshake_sender sender,
		   const unsigned char *tcp);

/* Takes an ICMP error that quotes a packet of the opener. */
void handshake_unreachable(struct handshake *handshake);

#endif
