/*
 * The opener shows that it knows the other end's initial sequence number by acknowledging it: with
 * its first ACK, or with the RST+ACK by which a health check ends. The kernel answers a SYN+ACK for
 * a connect that was given up by a bare RST, without an acknowledgment.
 */
#include "packet/handshake.h"

#include "packet/tcp_header.h"

/* More than any window (RFC 7323, 2.3): numbers further off are of another connection. */
#define WINDOW_MOST (UINT32_C(1) << 30)
/* More than a SYN has of payload (RFC 7413). */
#define SYN_PAYLOAD_MOST (UINT32_C(1) << 16)

/* How far the number is beyond the first byte after the SYN; WINDOW_MOST: it is not. */
static uint32_t
offset_of(uint32_t number, uint32_t isn)
{
	uint32_t offset = number - (isn + 1);

	return offset < WINDOW_MOST ? offset : WINDOW_MOST;
}

/* A FIN takes a number as well, and may have been missed. */
static bool
is_beyond_fin(uint32_t offset)
{
	return offset > 1 && offset < WINDOW_MOST;
}

static void
see_opener(struct handshake *handshake, const unsigned char *tcp)
{
	const uint8_t flags = tcp_flags(tcp);
	uint32_t sent = offset_of(tcp_sequence(tcp), handshake->isn), got;

	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		handshake->has_syn = handshake->has_isn = true;
		handshake->isn = tcp_sequence(tcp);
		if (handshake->state == HANDSHAKE_UNSEEN)
			handshake->state = HANDSHAKE_ASKED;
		return;
	}
	if (!handshake->has_isn || sent == WINDOW_MOST)
		return;
	if (!(flags & TCP_ACK)) {
		if ((flags & TCP_RST) && sent == 0 && handshake->state != HANDSHAKE_DONE)
			handshake->state = HANDSHAKE_REFUSED;
		return;
	}
	if (!handshake->has_other_isn) {
		handshake->other_isn = tcp_acknowledgment(tcp) - 1;
		handshake->has_other_isn = true;
	}
	got = offset_of(tcp_acknowledgment(tcp), handshake->other_isn);
	if (got == WINDOW_MOST)
		return;
	handshake->state = HANDSHAKE_DONE;
	handshake->has_bytes |= is_beyond_fin(sent) || is_beyond_fin(got);
}

static void
see_syn_ack(struct handshake *handshake, const unsigned char *tcp)
{
	if (!handshake->has_isn) {
		handshake->isn = tcp_acknowledgment(tcp) - 1;
		handshake->has_isn = true;
	}
	if (offset_of(tcp_acknowledgment(tcp), handshake->isn) >= SYN_PAYLOAD_MOST)
		return;
	handshake->other_isn = tcp_sequence(tcp);
	handshake->has_other_isn = true;
	if (handshake->state != HANDSHAKE_DONE)
		handshake->state = HANDSHAKE_ANSWERED;
}

static void
see_other(struct handshake *handshake, const unsigned char *tcp)
{
	const uint8_t flags = tcp_flags(tcp);
	bool is_answered =
	    handshake->state == HANDSHAKE_ANSWERED || handshake->state == HANDSHAKE_DONE;
	uint32_t got;

	if ((flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK)) {
		see_syn_ack(handshake, tcp);
		return;
	}
	got = offset_of(tcp_acknowledgment(tcp), handshake->isn);
	/* What does not acknowledge the SYN is about a connection of before. */
	if (!handshake->has_isn ||
	    ((flags & TCP_ACK) && got >= (is_answered ? WINDOW_MOST : SYN_PAYLOAD_MOST)))
		return;
	if (flags & TCP_RST) {
		if (handshake->state != HANDSHAKE_DONE)
			handshake->state = HANDSHAKE_REFUSED;
		return;
	}
	if (!(flags & TCP_ACK))
		return;
	if (!is_answered)
		handshake->state = HANDSHAKE_ANSWERED;
	else if ((flags & TCP_FIN) || got > 0)
		handshake->state = HANDSHAKE_DONE;
	handshake->has_bytes |= is_beyond_fin(got);
	if (handshake->has_other_isn)
		handshake->has_bytes |=
		    is_beyond_fin(offset_of(tcp_sequence(tcp), handshake->other_isn));
}

void
handshake_see(struct handshake *handshake, enum handshake_sender sender, const unsigned char *tcp)
{
	if (sender == HANDSHAKE_OPENER)
		see_opener(handshake, tcp);
	else
		see_other(handshake, tcp);
}

void
handshake_unreachable(struct handshake *handshake)
{
	if (handshake->state == HANDSHAKE_ASKED)
		handshake->state = HANDSHAKE_REFUSED;
}
