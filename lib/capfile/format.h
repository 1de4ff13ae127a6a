/*
 * The formats of capture files that vcap reads and writes.
 */
#ifndef VCAP_FORMAT_H
#define VCAP_FORMAT_H

enum format {
	FORMAT_PCAPNG, /* draft-ietf-opsawg-pcapng */
	FORMAT_PCAP,   /* draft-ietf-opsawg-pcap */
};

/* The largest block of pcapng, or packet of pcap, that is read; more is damage. libpcap's limit,
 * too. Of a packet PACKET_SNAPLEN bytes are kept. */
#define FORMAT_BLOCK_MAX (16u << 20) /* bytes */

#endif
