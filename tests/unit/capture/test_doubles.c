/* The same packet on two interfaces is told from one that came twice. */
#include "capture/doubles.h"
#include "tap.h"

#define ADDRESSES "abcdefghijkl"
#define PACKET    ADDRESSES "\x08\x00 a packet"

static struct doubles doubles;

static bool
has(int ifindex, int64_t ts_ns, const char *bytes, size_t size)
{
	const struct packet packet = {.ts_ns = ts_ns,
				      .data = (const unsigned char *)bytes,
				      .caplen = (uint32_t)size,
				      .len = (uint32_t)size};

	return doubles_has(&doubles, &packet, ifindex);
}

#define HAS(ifindex, ts_ns, text) has(ifindex, ts_ns, text, sizeof(text) - 1)

int
main(void)
{
	ok(!HAS(2, 1000, PACKET), "the first");
	ok(HAS(3, 1000, PACKET), "the same on another interface");
	ok(HAS(3, 900, PACKET), "... also with an earlier time, as when it is sent");
	ok(HAS(3, 1000, ADDRESSES "\x81\x00\x00\x07\x08\x00 a packet"),
	   "... and with the tag of a VLAN, whose device does not see it");
	ok(!HAS(3, 1000, ADDRESSES "\x08\x00 a pocket"), "another one at that time");
	ok(!HAS(2, 1000, PACKET), "again on its own interface: a packet of its own");
	ok(!HAS(3, 2000000, PACKET), "the same, but later");
	for (int i = 0; i < DOUBLES_MAX; i++)
		HAS(4, 2000000, ADDRESSES "\x08\x00 something else");
	ok(!HAS(2, 2000000, PACKET), "what came long before is forgotten");
	ok(!HAS(5, 1, "") && !HAS(5, 1, ADDRESSES "\x81"), "a packet that is cut short");
	return done_testing();
}
