/* Hellos in segments of any size and order, in records of any size, behind PROXY headers. */
#include "../tap.h"
#include "packet/clienthello.h"
#include "packet/helloset.h"

#include <stdlib.h>

enum { SYN = 2, ACK = 16 };

static const struct siphash_key secret = {{1, 2}};

static unsigned char wanted[TLSKEY_RANDOM];

/* A segment over IPv4 from port to 443. */
static bool
push(struct clienthello *finder, unsigned port, uint32_t sequence, unsigned flags,
     const unsigned char *bytes, size_t size)
{
	unsigned char data[40 + 4096] = {0x45, 0, 0,  0, 0, 0, 0,  0, 64, 6,
					 0,    0, 10, 0, 0, 1, 10, 0, 0,  2};
	unsigned char random[TLSKEY_RANDOM] = {0};
	const struct packet packet = {
	    .caplen = 40 + (uint32_t)size, .len = 40 + (uint32_t)size, .data = data};

	data[2] = (unsigned char)(packet.len >> 8);
	data[3] = (unsigned char)packet.len;
	data[20] = (unsigned char)(port >> 8);
	data[21] = (unsigned char)port;
	data[22] = 1;
	data[23] = 0xbb;
	for (int i = 0; i < 4; i++)
		data[24 + i] = (unsigned char)(sequence >> (24 - 8 * i));
	data[32] = 0x50;
	data[33] = (unsigned char)flags;
	if (size)
		memcpy(data + 40, bytes, size);
	if (!clienthello_see(finder, &packet, LINKTYPE_RAW, random))
		return false;
	return memcmp(random, wanted, sizeof(random)) == 0;
}

/* Appends a hello of this size in records of that. Returns the bytes. */
static size_t
append_hello(unsigned char *to, size_t size, size_t record)
{
	unsigned char hello[4096] = {
	    1, 0, (unsigned char)((size - 4) >> 8), (unsigned char)(size - 4), 3, 3};
	size_t used = 0;

	memcpy(hello + 6, wanted, TLSKEY_RANDOM);
	for (size_t at = 0; at < size; at += record) {
		const size_t part = size - at < record ? size - at : record;

		memcpy(to + used,
		       (unsigned char[]){22, 3, 1, (unsigned char)(part >> 8), (unsigned char)part},
		       5);
		memcpy(to + used + 5, hello + at, part);
		used += 5 + part;
	}
	return used;
}

/* How often a stream in segments of this size shows the random; backwards: the last segment first. */
static int
found(const unsigned char *bytes, size_t size, size_t segment, bool has_syn, bool backwards)
{
	struct failure why;
	struct clienthello *finder = clienthello_new(secret, &why);
	const size_t count = (size + segment - 1) / segment;
	int times = 0;

	if (has_syn)
		push(finder, 999, UINT32_MAX - 9, SYN, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		const size_t at = (backwards ? count - 1 - i : i) * segment;
		const size_t part = size - at < segment ? size - at : segment;

		times += push(finder, 999, UINT32_MAX - 8 + (uint32_t)at, ACK, bytes + at, part);
	}
	clienthello_free(finder);
	return times;
}

static void
test_splits(void)
{
	static const size_t sizes[] = {64, 517, 1800}, records[] = {1, 7, 16384};
	unsigned char stream[16384];
	int missed = 0, misplaced = 0, midway = 0;

	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			const size_t size = append_hello(stream, sizes[i], records[j]);

			for (size_t segment = 1; segment < 1500; segment += segment < 50 ? 1 : 97) {
				missed += found(stream, size, segment, true, false) != 1;
				midway += found(stream, size, segment, false, false) != 1;
				misplaced += found(stream, size, segment, true, true) != 1;
			}
		}
	ok(missed == 0, "a hello in segments and records of any size, after a SYN");
	ok(midway == 0, "... and without one");
	ok(misplaced == 0, "... and in reverse order");
}

static void
test_proxy(void)
{
	static const char v1[] = "PROXY TCP4 192.0.2.1 192.0.2.10 40000 443\r\n";
	unsigned char stream[4096];
	size_t v2 = 16 + 700, size;
	int missed = 0;

	memcpy(stream, v1, sizeof(v1) - 1);
	size = sizeof(v1) - 1 + append_hello(stream + sizeof(v1) - 1, 517, 16384);
	for (size_t segment = 1; segment < 200; segment++)
		missed += found(stream, size, segment, true, false) != 1;
	ok(missed == 0, "behind a PROXY header of version 1");
	memset(stream, 7, sizeof(stream));
	memcpy(stream, "\r\n\r\n\0\r\nQUIT\n\x21\x11\x02\xbc", 16);
	size = v2 + append_hello(stream + v2, 517, 16384);
	missed = 0;
	for (size_t segment = 1; segment < 200; segment++)
		missed += found(stream, size, segment, true, false) != 1;
	ok(missed == 0, "behind one of version 2 that is longer than what is kept");
}

static void
test_others(void)
{
	struct failure why;
	struct clienthello *finder = clienthello_new(secret, &why);
	unsigned char stream[4096];
	const size_t size = append_hello(stream, 300, 16384);
	unsigned missed = 0;

	stream[5] = 2;
	ok(!push(finder, 1, 1, ACK, stream, size), "a ServerHello is none");
	stream[5] = 1;
	stream[0] = 23;
	ok(!push(finder, 2, 1, ACK, stream, size), "nor is data");
	stream[0] = 22;
	push(finder, 3, 1, SYN, NULL, 0);
	ok(!push(finder, 3, 2, ACK, (const unsigned char *)"EHLO a\r\n", 8), "nor is plain text");
	ok(push(finder, 3, 10, ACK, stream, size), "but a hello behind it");
	ok(push(finder, 3, 10, ACK, stream, size), "which is found again when it comes again");
	ok(!push(finder, 4, 1, ACK, stream, 42),
	   "a segment cut before the random's end is not enough");
	/* More connections than there is room for, none of which has said anything. */
	for (unsigned port = 1000; port < 60000; port++)
		push(finder, port, 1, SYN, NULL, 0);
	for (unsigned port = 1000; port < 60000; port++)
		missed += !push(finder, port, 2, ACK, stream, size);
	ok(missed == 0, "a hello in one segment is found however many connections there are");
	clienthello_free(finder);
}

static void
test_set(void)
{
	struct helloset set = HELLOSET_INIT(secret, 1024);
	unsigned char random[TLSKEY_RANDOM] = {0};
	unsigned known = 0, news = 0;

	for (unsigned i = 0; i < 5000; i++) {
		memcpy(random, &i, sizeof(i));
		news += helloset_add(&set, random) == 1;
		known += helloset_add(&set, random) == 0;
	}
	ok(news == 5000 && known == 5000, "a random is new once");
	news = 0;
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(random, &i, sizeof(i));
		news += (helloset_find(&set, random) != NULL) != (i >= 5000 - 1024);
	}
	ok(news == 0 && set.evicted == 5000 - 1024, "the newest are in the set, and no others");
	helloset_release(&set);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(wanted); i++)
		wanted[i] = (unsigned char)(0x80 + 3 * i);
	test_splits();
	test_proxy();
	test_others();
	test_set();
	return done_testing();
}
