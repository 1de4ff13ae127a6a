/* Packets of a time, found by bisection, against all packets one by one. */
#include "capfile/made_file.h"
#include "capfile/timeseek.h"
#include "tap.h"

enum { RECORDS = 3000, LOOKS = 2000 };

static struct timeseek records[RECORDS];
static size_t count;

/* A file of packets in order, some of one time, some after a pause. */
static struct reader *
make(uint32_t magic)
{
	int64_t us = 1700000000000000;
	struct reader *file;
	struct packet next;

	used = count = 0;
	if (magic)
		pcap(magic);
	else
		section(NULL), interface(6, 0);
	while (count < RECORDS && used < sizeof(bytes) - 4096) {
		const uint32_t caplen =
		    (uint32_t)(rand() % 8 ? rand() % 200 + 1 : rand() % 3000 + 1);

		us += rand() % 3 ? rand() % 100 : 0;
		us += rand() % 500 ? 0 : 1000000;
		if (magic)
			record((uint32_t)(us / 1000000), (uint32_t)(us % 1000000), caplen, caplen);
		else
			packet(0, (uint64_t)us, caplen);
		count++;
	}
	file = opened();
	count = 0;
	while (reader_source(file)->next(reader_source(file), &next, &why) == SOURCE_PACKET)
		records[count++] = (struct timeseek){reader_source(file)->place, next.ts_ns};
	return file;
}

/* The first record that is not older, and not before an offset. */
static const struct timeseek *
first(int64_t ts_ns, uint64_t offset)
{
	size_t i = 0;

	while (i < count && (records[i].ts_ns < ts_ns || records[i].place < offset))
		i++;
	return &records[i];
}

/* Break: lib/capfile/timeseek.c s/if (at->ts_ns >= ts_ns)/if (at->ts_ns > ts_ns)/ */
static void
look(const char *name, uint32_t magic)
{
	struct reader *file = make(magic);
	unsigned wrong_near = 0, wrong_time = 0;

	for (unsigned i = 0; i < LOOKS; i++) {
		/* The last ones have too few behind them to be believed. */
		const struct timeseek *wanted = &records[1 + (size_t)rand() % (count - 4)], *from,
				      *behind;
		const uint64_t guess = rand() % 4 ? wanted->place + (uint64_t)(rand() % 20000)
						  : (uint64_t)(rand() % (1 << 21));
		struct timeseek found;

		from = &records[(size_t)rand() % (size_t)(wanted - records)];
		behind = first(0, wanted->place - 1);
		if (!timeseek_near(file, from, wanted->place - 1, &found) ||
		    found.place != behind->place || found.ts_ns != behind->ts_ns)
			wrong_near++;
		wanted = first(wanted->ts_ns, 0);
		if (from->ts_ns < wanted->ts_ns &&
		    (!timeseek_find(file, from, guess, wanted->ts_ns, &found) ||
		     found.place != wanted->place || found.ts_ns != wanted->ts_ns))
			wrong_time++;
	}
	ok(count > 1000 && wrong_near == 0, "%s: the next record from anywhere, among %zu", name,
	   count);
	if (!ok(wrong_time == 0, "%s: the first record of a time, whatever is guessed", name))
		printf("# %u of %d\n", wrong_time, LOOKS);
	ok(!timeseek_near(file, records, used + 10, &records[1]), "%s: none behind the end", name);
	ok(!timeseek_find(file, records, used / 2, INT64_MAX, &records[1]),
	   "%s: none of a time to come", name);
	reader_close(file);
}

int
main(void)
{
	look("pcap", 0xa1b2c3d4);
	look("pcapng", 0);
	big = true;
	look("pcap of the other byte order", 0xa1b2c3d4);
	look("pcapng of the other byte order", 0);
	return done_testing();
}
