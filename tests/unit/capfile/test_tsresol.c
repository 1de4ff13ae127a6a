/* Timestamps of pcapng interfaces as nanoseconds: resolutions, offsets and their limits. */
#include "base/clock.h"
#include "capfile/made_file.h"
#include "tap.h"

static void
ticks_become_nanoseconds(void)
{
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t ticks;
		int64_t ns;
	} cases[] = {
	    {-1, 0, 1500000, 1500000000},
	    {6, 0, 1500000, 1500000000},
	    {9, 0, 1500000000, 1500000000},
	    {9, 0, INT64_MAX, INT64_MAX},
	    {0, 0, 12, 12 * NS_PER_SECOND},
	    {3, 10, 1, 10 * NS_PER_SECOND + 1000000},
	    {9, -1, 1000000001, 1},
	    {12, 0, 1500000000000, 1500000000},
	    {19, 0, UINT64_MAX, 1844674407},
	    {28, 0, UINT64_MAX, 1},
	    {29, 0, UINT64_MAX, 0},
	    {127, 0, UINT64_MAX, 0},
	    {0x80, 0, 3, 3 * NS_PER_SECOND},
	    {0x80 | 10, 0, 1024 + 512, 1500000000},
	    {0x80 | 32, 0, UINT64_C(3) << 31, 1500000000},
	    {0x80 | 64, 0, UINT64_C(1) << 63, 500000000},
	    {0x80 | 127, 0, UINT64_MAX, 0},
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct reader *file;
		struct source *source;
		struct packet p;

		used = 0;
		big = i % 2;
		section(NULL);
		interface(cases[i / 2].resolution, cases[i / 2].offset);
		packet(0, cases[i / 2].ticks, 3);
		file = opened();
		source = reader_source(file);
		ok(source->next(source, &p, &why) == SOURCE_PACKET && p.ts_ns == cases[i / 2].ns,
		   "if_tsresol %d, if_tsoffset %lld, %s endian", cases[i / 2].resolution,
		   (long long)cases[i / 2].offset, big ? "big" : "little");
		reader_close(file);
	}
	big = false;
}

static void
times_out_of_range_are_mended(void)
{
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t ticks;
	} cases[] = {{9, 0, UINT64_C(1) << 63}, {6, 0, UINT64_MAX}, {9, -1, 5},
		     {9, INT64_MAX, 0},         {9, INT64_MIN, 0},  {0x80, 0, UINT64_MAX}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reader *file;
		enum source_event last;

		used = 0;
		section(NULL);
		interface(cases[i].resolution, cases[i].offset);
		packet(0, cases[i].ticks, 3);
		file = opened();
		ok(drain(file, &last) == 1 && last == SOURCE_END && reader_has_left_out(file, &why),
		   "a time that fits no int64_t: %s", why.text);
		reader_close(file);
	}
}

int
main(void)
{
	ticks_become_nanoseconds();
	times_out_of_range_are_mended();
	return done_testing();
}
