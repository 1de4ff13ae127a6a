/*
 * Fields of a TCP header (RFC 9293, 3.1), of which at least 20 bytes were captured.
 */
#ifndef VCAP_TCP_HEADER_H
#define VCAP_TCP_HEADER_H

#include <stdint.h>

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

static inline uint32_t
tcp_load32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint32_t
tcp_sequence(const unsigned char *header)
{
	return tcp_load32(header + 4);
}

static inline uint32_t
tcp_acknowledgment(const unsigned char *header)
{
	return tcp_load32(header + 8);
}

static inline uint8_t
tcp_flags(const unsigned char *header)
{
	return header[13];
}

/* The sequence number of the first byte of payload: a SYN takes one of its own. */
static inline uint32_t
tcp_payload_sequence(const unsigned char *header)
{
	return tcp_sequence(header) + (tcp_flags(header) & TCP_SYN ? 1 : 0);
}

#endif
