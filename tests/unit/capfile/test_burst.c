/* A burst yields what next() yields, from files of all kinds of blocks, whole and damaged. */
#include "packet/burst.h"

#include "capfile/made_file.h"
#include "tap.h"

enum { ROUNDS = 20 };

static uint64_t
random_below(uint64_t limit)
{
	static uint64_t state = 4711;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % limit;
}

/* More than a reader reads at a time. */
static void
make_pcapng(void)
{
	uint32_t interfaces = 1;

	section("vcap-run 0.2.0");
	interface(9, 0);
	for (uint64_t ticks = 0; used < 600000; ticks += random_below(1000)) {
		const uint64_t kind = random_below(60);

		if (kind == 0 && interfaces < 9) {
			interface(9, 5);
			interfaces++;
		} else if (kind == 1) {
			begin(PCAPNG_ISB);
			put(random_below(interfaces), 4);
			put(ticks >> 32, 4);
			put(ticks, 4);
			end();
		} else if (kind == 2) {
			begin(0x0bad);
			put(ticks, 8);
			end();
		} else if (kind == 3 && random_below(20) == 0) {
			section("other");
			interface(6, 0);
			interfaces = 1;
		} else {
			packet((uint32_t)random_below(interfaces), ticks,
			       (uint32_t)random_below(kind == 4 ? 60000 : 200));
		}
	}
}

static void
make_pcap(void)
{
	pcap(0xa1b2c3d4);
	for (uint32_t n = 0; used < 600000; n++) {
		const uint32_t size = (uint32_t)random_below(random_below(50) ? 200 : 60000);

		if (random_below(3000) == 0)
			pcap(0xa1b23c4d);
		record(n / 100, n % 100, size, size);
	}
}

static bool
is_same_packet(const struct packet *a, const struct packet *b)
{
	return a->ts_ns == b->ts_ns && a->caplen == b->caplen && a->len == b->len &&
	       a->iface == b->iface && a->core == b->core && a->flags == b->flags &&
	       a->options_len == b->options_len && memcmp(a->data, b->data, a->caplen) == 0 &&
	       (a->options_len == 0 || memcmp(a->options, b->options, a->options_len) == 0);
}

/* Whether both readers of the file at hand tell the same; *events is how much. */
static bool
tell_the_same(size_t *events)
{
	struct reader *one = opened(), *many = opened();
	struct source *source = reader_source(one);
	struct packet packet, other;
	struct failure said = FAILURE_INIT, said_too = FAILURE_INIT;
	enum source_event event;
	struct burst burst;
	bool is_same = true;

	burst_init(&burst, reader_source(many));
	do {
		event = source->next(source, &packet, &said);
		is_same = burst_next(&burst, &other, &said_too) == event &&
			  source->interface_count == burst.source->interface_count;
		if (is_same && event == SOURCE_PACKET)
			is_same = is_same_packet(&packet, &other);
		if (is_same && event == SOURCE_NOTE)
			is_same = source->note.type == burst.source->note.type &&
				  source->note.size == burst.source->note.size;
		++*events;
	} while (is_same && event != SOURCE_END && event != SOURCE_CUT);
	is_same = is_same && strcmp(said.text, said_too.text) == 0;
	reader_close(one);
	reader_close(many);
	return is_same;
}

/* Break: lib/packet/burst.c s/if (burst->at == burst->count)/if (burst->at + 1 >= burst->count)/ */
static void
compare(void (*make)(void), unsigned flips, const char *name)
{
	unsigned wrong = 0;
	size_t events = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		used = 0;
		make();
		for (unsigned i = 0; i < flips; i++)
			bytes[100 + random_below(used - 100)] ^=
			    (unsigned char)(1 << random_below(8));
		wrong += !tell_the_same(&events);
	}
	ok(wrong == 0 && events > 500 * ROUNDS, "%s: %u wrong, of %zu events", name, wrong, events);
}

int
main(void)
{
	compare(make_pcap, 0, "pcap");
	compare(make_pcapng, 0, "pcapng");
	compare(make_pcap, 200, "damaged pcap");
	compare(make_pcapng, 200, "damaged pcapng");
	return done_testing();
}
