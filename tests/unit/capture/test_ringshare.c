/* How much memory rings take by default, and how it is divided. */
#include "capture/ring.h"
#include "capture/ringshare.h"
#include "tap.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static void
test_share(void)
{
	unsigned over = 0, shrunk = 0;

	ok(ringshare_of(2, 24 * GIB) == 128 * MIB, "64 MiB for each CPU");
	ok(ringshare_of(64, 256 * GIB) == 512 * MIB, "512 MiB at most");
	ok(ringshare_of(1024, 4096 * GIB) == 512 * MIB, "... however many CPUs there are");
	ok(ringshare_of(64, 4 * GIB) == 128 * MIB, "a 32nd of the memory at most");
	for (unsigned cores = 1; cores <= 1024; cores++)
		for (uint64_t memory = 256 * MIB; memory <= 1024 * GIB; memory *= 2) {
			const uint64_t share = ringshare_of(cores, memory);

			over += share > 512 * MIB || share > memory / 32;
			shrunk += share < ringshare_of(cores - 1, memory) ||
				  share < ringshare_of(cores, memory / 2);
		}
	ok(over == 0, "never more than that");
	ok(shrunk == 0, "and never less with more CPUs or memory");
	ok(ringshare_cores() >= 1 && ringshare_default(ringshare_cores()) > 0, "on this host");
}

/* Rings together take about what there is for them, and each has blocks enough to be read while another
 * is filled. */
static void
test_division(void)
{
	unsigned wrong = 0;

	for (unsigned rings = 1; rings <= 1024; rings *= 2) {
		const uint64_t bytes = ringshare_of(rings, 256 * GIB);
		const struct ring_geometry one = ring_divide(bytes / rings, 0, 40);

		wrong += one.block_count < 4 || one.block_size < 64 << 10 ||
			 one.block_size * one.block_count > bytes / rings;
	}
	ok(wrong == 0, "the default is divided among 1 to 1024 CPUs without a rest");
	ok(ring_divide(1, 0, 40).block_count == 4 && ring_divide(1, 0, 40).block_size == 64 << 10,
	   "a ring has 256 KiB at least");
}

int
main(void)
{
	test_share();
	test_division();
	return done_testing();
}
