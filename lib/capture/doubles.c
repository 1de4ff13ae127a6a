/*
 * One packet on its way through two interfaces is seen twice with the same bytes behind its addresses
 * and tags. On receipt it keeps
 * the time of its first sight; when it is sent each interface gives it a time, microseconds apart, in
 * the same thread of the kernel. So both are close in one ring. Packets that are the same without
 * being one, such as a retransmission, come on the same interface or later.
 */
#include "capture/doubles.h"

#include "base/siphash.h"

#include <linux/if_ether.h>
#include <stdlib.h>

#define APART_MAX INT64_C(1000000) /* ns */

/* Bytes that tell packets apart: headers, and the beginning of what is in them. */
#define BYTES_MAX 256

/* A VLAN's device sees a packet without the tag that the one below sees. */
static size_t
behind_tags(const struct packet *packet)
{
	size_t at = 2 * ETH_ALEN;

	while (at + 4 <= packet->caplen &&
	       ((packet->data[at] == 0x81 && packet->data[at + 1] == 0x00) ||
		(packet->data[at] == 0x88 && packet->data[at + 1] == 0xa8)))
		at += 4;
	return at < packet->caplen ? at : packet->caplen;
}

static uint64_t
hash_of(const struct packet *packet)
{
	static const struct siphash_key key = {{0}}; /* nothing depends on its secrecy */
	const size_t at = behind_tags(packet), left = packet->caplen - at;

	return siphash(&key, packet->data + at, left < BYTES_MAX ? left : BYTES_MAX) ^
	       (packet->len - at);
}

bool
doubles_has(struct doubles *doubles, const struct packet *packet, int ifindex)
{
	const uint64_t hash = hash_of(packet);

	for (unsigned i = 0; i < DOUBLES_MAX; i++)
		if (doubles->seen[i].hash == hash && doubles->seen[i].ifindex != ifindex &&
		    llabs(doubles->seen[i].ts_ns - packet->ts_ns) < APART_MAX)
			return true;
	doubles->seen[doubles->next].ts_ns = packet->ts_ns;
	doubles->seen[doubles->next].hash = hash;
	doubles->seen[doubles->next].ifindex = ifindex;
	doubles->next = (doubles->next + 1) % DOUBLES_MAX;
	return false;
}
