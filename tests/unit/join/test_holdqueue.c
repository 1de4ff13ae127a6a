/* The queue of packets that wait for a verdict. */
#include "join/holdqueue.h"
#include "tap.h"

#include <string.h>

/* Packets of random sizes go in and come out, the same in the same order. */
static void
test_order(void)
{
	struct holdqueue *queue = holdqueue_new(20000, NULL);
	unsigned char data[3000];
	unsigned in = 0, out = 0, wrong = 0, full = 0, random = 1;

	for (int i = 0; i < 200000; i++) {
		const struct held *first = holdqueue_first(queue);

		random = random * 1103515245 + 12345;
		if ((random >> 16) % 2) {
			unsigned size = in * 7919 % 3000;
			struct held held = {
			    .packet = {.ts_ns = in, .caplen = size, .len = size, .data = data}};

			memset(data, (int)(in & 0xff), size);
			if (holdqueue_put(queue, &held))
				in++;
			else
				full++;
		} else if (first) {
			unsigned size = out * 7919 % 3000;

			wrong += first->packet.ts_ns != out || first->packet.caplen != size;
			for (unsigned j = 0; j < size; j++)
				wrong += first->packet.data[j] != (out & 0xff);
			holdqueue_drop_first(queue);
			out++;
		}
	}
	ok(wrong == 0 && full > 100 && out > 50000, "%u packets held back, %u had no room", out,
	   full);
	holdqueue_free(queue);
}

int
main(void)
{
	test_order();
	return done_testing();
}
