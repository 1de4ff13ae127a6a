#include "packet/dissect.h"

#include "frame.h"
#include "tap.h"

#include <stdlib.h>

static struct addr
address(const char *word)
{
	struct addr addr = {0};

	addr_parse(&addr, word, NULL);
	return addr;
}

static struct story
plain(const char *source, const char *destination)
{
	return (struct story){.linktype = LINKTYPE_EN10MB,
			      .source = address(source),
			      .destination = address(destination),
			      .protocol = PROTOCOL_TCP,
			      .source_port = 1234,
			      .destination_port = 443};
}

/* The tuple of a story, as words. */
static const char *
told(const struct story *story)
{
	static char text[256];
	char source[ADDR_TEXT], destination[ADDR_TEXT];
	struct frame frame;
	struct packet packet;
	struct tuple tuple;

	frame_build(&frame, story);
	packet = frame_packet(&frame);
	if (!dissect_packet(&packet, story->linktype, &tuple))
		return "none";
	snprintf(text, sizeof(text), "%s:%u %s:%u %u%s%s%s",
		 addr_format(tuple.source, source, sizeof(source)), tuple.source_port,
		 addr_format(tuple.destination, destination, sizeof(destination)),
		 tuple.destination_port, tuple.protocol, tuple.has_ports ? " ports" : "",
		 tuple.only_addresses ? " addresses" : "", tuple.is_quoted ? " quoted" : "");
	return text;
}

static void
test_links(void)
{
	struct story story = plain("10.0.0.1", "10.0.0.2");
	struct story six = plain("2001:db8::1", "2001:db8::2");

	for (size_t i = 0; i < LINKTYPE_COUNT; i++)
		for (unsigned shape = 0; shape < LINKTYPE_FAMILIES6; shape++) {
			story.linktype = six.linktype = linktypes[i].linktype;
			story.shape = six.shape = shape;
			if (shape >= 4 && story.linktype == LINKTYPE_PPP)
				continue;
			is_str(told(&story), "10.0.0.1:1234 10.0.0.2:443 6 ports",
			       linktypes[i].name);
			is_str(told(&six), "2001:db8::1:1234 2001:db8::2:443 6 ports",
			       linktypes[i].name);
		}
	story.ethertype = 1;
	for (story.shape = 0; story.shape < 4; story.shape++) {
		story.linktype = LINKTYPE_PPP;
		is_str(told(&story), "none", "another protocol of PPP");
		story.linktype = LINKTYPE_NULL;
		is_str(told(&story), "none", "another family");
	}
	story.ethertype = 0;
	ok(linktype_canonical(12) == LINKTYPE_RAW && linktype_canonical(14) == LINKTYPE_RAW &&
	       linktype_canonical(LINKTYPE_NULL) == LINKTYPE_NULL,
	   "raw IP has three numbers");
	story.linktype = LINKTYPE_EN10MB;
	for (story.tags = 1; story.tags <= 2; story.tags++)
		is_str(told(&story), "10.0.0.1:1234 10.0.0.2:443 6 ports", "behind tags");
	is_str(told(&story), "none", "a third tag");
	story.tags = 0;
	story.ethertype = 0x0806;
	is_str(told(&story), "none", "not IP");
	story.linktype = 147;
	is_str(told(&story), "none", "a link type that is not known");
}

static void
test_headers(void)
{
	struct story story = plain("10.0.0.1", "10.0.0.2");

	story.options = 10;
	is_str(told(&story), "10.0.0.1:1234 10.0.0.2:443 6 ports", "IPv4 options");
	story.fragment = 185;
	is_str(told(&story), "10.0.0.1:0 10.0.0.2:0 6 addresses", "a later fragment");
	story.fragment = 0;
	story.protocol = 47;
	is_str(told(&story), "10.0.0.1:0 10.0.0.2:0 47", "a protocol without ports");

	story = plain("2001:db8::1", "2001:db8::2");
	for (story.extensions = 0; story.extensions <= 4; story.extensions++)
		is_str(told(&story), "2001:db8::1:1234 2001:db8::2:443 6 ports",
		       "extension headers");
	ok(strstr(told(&story), " addresses"), "a fifth extension header: only addresses");
	story.extensions = 1;
	story.fragment = 185;
	is_str(told(&story), "2001:db8::1:0 2001:db8::2:0 6 addresses", "a later fragment of v6");
}

static void
test_errors(void)
{
	struct story story = plain("10.0.0.1", "10.0.0.2");

	story.quoted = true;
	story.router = address("10.9.9.9");
	story.error_type = 3;
	is_str(told(&story), "10.0.0.1:1234 10.0.0.2:443 6 ports quoted", "an ICMP error");
	story.error_type = 13;
	is_str(told(&story), "10.9.9.9:0 10.0.0.1:0 1", "an ICMP message that is no error");
	story.error_type = 11;
	story.fragment = 185;
	is_str(told(&story), "10.0.0.1:0 10.0.0.2:0 6 addresses quoted", "a fragment is quoted");
	story = plain("2001:db8::1", "2001:db8::2");
	story.quoted = true;
	story.router = address("2001:db8::9");
	story.error_type = 2;
	is_str(told(&story), "2001:db8::1:1234 2001:db8::2:443 6 ports quoted", "an ICMPv6 error");
	story.error_type = 128;
	is_str(told(&story), "2001:db8::9:0 2001:db8::1:0 58", "an ICMPv6 message that is none");
}

static void
test_cut(void)
{
	struct story story = plain("10.0.0.1", "10.0.0.2");
	struct frame frame;
	struct packet packet;
	struct tuple tuple;

	frame_build(&frame, &story);
	packet = frame_packet(&frame);
	packet.caplen = 38;
	ok(dissect_packet(&packet, LINKTYPE_EN10MB, &tuple) && !tuple.payload, "ports are enough");
	packet.caplen = 37;
	ok(!dissect_packet(&packet, LINKTYPE_EN10MB, &tuple), "half the ports are not");
	ok(dissect_addresses(&packet, LINKTYPE_EN10MB, &tuple) == DISSECT_FOUND,
	   "for the addresses they are");
	packet.caplen = 33;
	ok(dissect_addresses(&packet, LINKTYPE_EN10MB, &tuple) == DISSECT_CUT, "cut in an address");
	packet.caplen = 13;
	ok(dissect_addresses(&packet, LINKTYPE_EN10MB, &tuple) == DISSECT_CUT, "cut in the link");
	packet.caplen = 0;
	ok(!dissect_packet(&packet, LINKTYPE_EN10MB, &tuple), "nothing captured");
}

static void
test_payload(void)
{
	struct story story = plain("10.0.0.1", "10.0.0.2");
	struct frame frame;
	struct packet packet;
	struct tuple tuple;

	frame_build(&frame, &story);
	/* 20 bytes of TCP, 3 of payload, then padding; all within the IP length. */
	frame.bytes[14 + 20 + 12] = 0x50;
	memcpy(frame.bytes + 14 + 40, "abcpad", 6);
	frame.bytes[14 + 3] = 43;
	frame.size = 60;
	packet = frame_packet(&frame);
	ok(dissect_packet(&packet, LINKTYPE_EN10MB, &tuple) && tuple.payload_len == 3 &&
	       memcmp(tuple.payload, "abc", 3) == 0,
	   "the payload ends where the datagram does");
	packet.caplen = 56;
	ok(dissect_packet(&packet, LINKTYPE_EN10MB, &tuple) && tuple.payload_len == 2,
	   "or the captured bytes do");
	frame.bytes[14 + 20 + 12] = 0x40;
	ok(dissect_packet(&packet, LINKTYPE_EN10MB, &tuple) && !tuple.payload,
	   "no payload behind an impossible TCP header");
	frame.bytes[14 + 3] = 20;
	ok(dissect_packet(&packet, LINKTYPE_EN10MB, &tuple) && !tuple.payload,
	   "no payload behind an impossible IP length");
}

/* Bytes at random, in a buffer of just their size, so that a sanitizer sees a read beyond. */
static void
test_random(void)
{
	unsigned found = 0;
	bool within = true;

	srandom(1);
	for (int i = 0; i < 100000; i++) {
		struct story story =
		    plain(i % 2 ? "10.0.0.1" : "2001:db8::1", i % 2 ? "10.0.0.2" : "2001:db8::2");
		struct frame frame;
		struct packet packet;
		struct tuple tuple;
		unsigned char *exact;

		story.linktype = linktypes[random() % LINKTYPE_COUNT].linktype;
		story.shape = (unsigned)random() % 4;
		story.extensions = (unsigned)random() % 5;
		story.quoted = random() % 3 == 0;
		story.router = story.source;
		story.error_type = 3;
		frame_build(&frame, &story);
		for (long n = random() % 4; n > 0; n--)
			frame.bytes[random() % frame.size] = (unsigned char)random();
		packet = frame_packet(&frame);
		packet.caplen = (uint32_t)random() % (frame.size + 1);
		exact = malloc(packet.caplen + 1);
		memcpy(exact + 1, frame.bytes, packet.caplen);
		packet.data = exact + 1;
		if (dissect_packet(&packet, story.linktype, &tuple)) {
			found++;
			within = within && (!tuple.payload || (tuple.payload >= packet.data &&
							       tuple.payload + tuple.payload_len <=
								   packet.data + packet.caplen));
		}
		dissect_addresses(&packet, story.linktype, &tuple);
		dissect_shape(&packet, story.linktype);
		free(exact);
	}
	ok(within && found > 1000, "random bytes: %u have ends, payloads lie within", found);
}

int
main(void)
{
	test_links();
	test_headers();
	test_errors();
	test_cut();
	test_payload();
	test_random();
	return done_testing();
}
