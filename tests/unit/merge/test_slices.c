/*
 * Merging in slices, against one merge of the same files: random ones, in both formats and byte orders, with what keeps
 * a slice from being merged by itself (interfaces, sections and statistics in the middle, inputs that end, damage,
 * disorder) and what looks like records and is a packet's payload.
 */
#include "merge/slices.h"

#include "base/fileio.h"
#include "capfile/pcapng.h"
#include "merge/coredir.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 5, ROUNDS = 150, BYTES = 700000, SLICE = 40000 };

#define START_NS INT64_C(1700000000000000000)

/* A capture file in memory. */
struct text {
	unsigned char *bytes;
	size_t size, room;
	bool pcapng, swapped, micro;
	unsigned interfaces; /* of the section at hand */
	unsigned in_use;     /* ... from the first on */
};

static uint64_t state;

static unsigned
draw(unsigned below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((state >> 33) % below);
}

static void
put(struct text *text, const void *from, size_t size)
{
	if (text->room - text->size < size) {
		text->room = 2 * (text->size + size);
		text->bytes = realloc(text->bytes, text->room);
	}
	memcpy(text->bytes + text->size, from, size);
	text->size += size;
}

static void
put32(struct text *text, uint32_t value)
{
	value = text->swapped ? __builtin_bswap32(value) : value;
	put(text, &value, sizeof(value));
}

static void
put16(struct text *text, uint16_t value)
{
	value = text->swapped ? __builtin_bswap16(value) : value;
	put(text, &value, sizeof(value));
}

static void
put_header(struct text *text)
{
	if (text->pcapng) {
		put32(text, 0x0a0d0d0a);
		put32(text, 28);
		put32(text, 0x1a2b3c4d);
		put16(text, 1);
		put16(text, 0);
		put32(text, UINT32_MAX);
		put32(text, UINT32_MAX);
		put32(text, 28);
		text->interfaces = 0;
		return;
	}
	put32(text, text->micro ? 0xa1b2c3d4 : 0xa1b23c4d);
	put16(text, 2);
	put16(text, 4);
	put32(text, 0);
	put32(text, 0);
	put32(text, PACKET_SNAPLEN);
	put32(text, 1);
}

/* An interface of nanoseconds with a name of its own; of pcapng. */
static void
put_interface(struct text *text)
{
	const unsigned char name = (unsigned char)('a' + text->interfaces);

	put32(text, PCAPNG_IDB);
	put32(text, 40);
	put16(text, 1);
	put16(text, 0);
	put32(text, PACKET_SNAPLEN);
	put16(text, OPT_IF_NAME);
	put16(text, 1);
	put(text, &name, 1);
	put(text, "\0\0\0", 3);
	put16(text, OPT_IF_TSRESOL);
	put16(text, 1);
	put(text, "\x09\0\0\0", 4);
	put32(text, 0);
	put32(text, 40);
	text->in_use = ++text->interfaces;
}

static void
put_statistics(struct text *text, int64_t ts_ns)
{
	put32(text, 5);
	put32(text, 24);
	put32(text, draw(text->interfaces));
	put32(text, (uint32_t)((uint64_t)ts_ns >> 32));
	put32(text, (uint32_t)ts_ns);
	put32(text, 24);
}

static void
put_packet(struct text *text, int64_t ts_ns, const unsigned char *data, uint32_t caplen)
{
	const uint32_t padded = (caplen + 3) / 4 * 4;

	if (!text->pcapng) {
		put32(text, (uint32_t)(ts_ns / 1000000000));
		put32(text, (uint32_t)(ts_ns % 1000000000) / (text->micro ? 1000 : 1));
		put32(text, caplen);
		put32(text, caplen);
		put(text, data, caplen);
		return;
	}
	put32(text, PCAPNG_EPB);
	put32(text, 32 + padded);
	put32(text, draw(text->in_use));
	put32(text, (uint32_t)((uint64_t)ts_ns >> 32));
	put32(text, (uint32_t)ts_ns);
	put32(text, caplen);
	put32(text, caplen);
	put(text, data, caplen);
	put(text, "\0\0\0", padded - caplen);
	put32(text, 32 + padded);
}

/* What may stand between packets. */
static void
put_rarity(struct text *text, int64_t ts_ns)
{
	if (draw(2)) {
		text->swapped = draw(2);
		text->micro = draw(2);
		put_header(text);
		if (text->pcapng)
			put_interface(text);
	} else if (text->pcapng && draw(2)) {
		put_interface(text);
	}
	if (text->pcapng && draw(2))
		put_statistics(text, ts_ns);
}

/* A payload: random, or a capture of the same kind, later than the packet. */
static uint32_t
make_payload(const struct text *of, int64_t ts_ns, unsigned traps, unsigned char *payload)
{
	const uint32_t size = draw(40) ? 1 + draw(300) : 1 + draw(20000);
	struct text inner = *of;

	for (uint32_t i = 0; i < size; i++)
		payload[i] = (unsigned char)draw(256);
	if (!traps || draw(traps))
		return size;
	inner.in_use = inner.interfaces;
	inner.bytes = NULL;
	inner.size = inner.room = 0;
	for (unsigned i = 0, gap_ns = draw(500000); i < 20; i++)
		put_packet(&inner, ts_ns + (int64_t)(i + 1) * gap_ns, payload, 1 + draw(60));
	memcpy(payload, inner.bytes, inner.size);
	free(inner.bytes);
	return (uint32_t)inner.size;
}

struct kind {
	unsigned traps, rarities, disorder, ties, damage; /* one in so many; 0: none */
	bool ends_early;                                  /* the first one */
	bool are_twins;                                   /* all are the same, of one engine */
	unsigned from; /* the first round, so that one of few is one that came out wrong once */
};

static void
write_file(const char *path, const struct kind *kind, bool is_short)
{
	struct text text = {.pcapng = draw(2), .swapped = draw(4) == 0, .micro = draw(2)};
	static unsigned char payload[40000];
	const size_t size = is_short ? BYTES / 3 : BYTES;
	int64_t ts_ns = START_NS + draw(1000000);
	FILE *file = fopen(path, "w");

	put_header(&text);
	for (unsigned i = text.pcapng ? 1 + draw(3) : 0; i > 0; i--)
		put_interface(&text);
	while (text.size < size) {
		const int64_t back_ns = kind->disorder && !draw(kind->disorder) ? draw(1000000) : 0;

		if (!kind->ties || draw(kind->ties))
			ts_ns += draw(draw(20) ? 20000 : 1000000);
		put_packet(&text, ts_ns - back_ns, payload,
			   make_payload(&text, ts_ns, kind->traps, payload));
		if (kind->rarities && !draw(kind->rarities))
			put_rarity(&text, ts_ns);
		/* What was seen of the others is not seen again. */
		if (text.in_use > 1 && !draw(300))
			text.in_use = 1;
	}
	if (text.pcapng)
		put_statistics(&text, ts_ns);
	if (kind->damage && !draw(kind->damage))
		for (unsigned i = 1 + draw(3); i > 0; i--)
			text.bytes[draw((unsigned)text.size)] ^= (unsigned char)(1 << draw(8));
	fwrite(text.bytes, 1, text.size - (kind->damage && draw(8) == 0 ? draw(50) : 0), file);
	fclose(file);
	free(text.bytes);
}

/* What came of a merge. */
struct made {
	int fd, rc;
	size_t taken;
	char *told;
};

/* What is said of the inputs and interfaces. */
static char *
tell(const struct inputs *inputs, const struct merge *merge, const struct source *source)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < inputs->count; i++) {
		const struct merge_outcome *outcome = merge_outcome(merge, i);
		struct failure what = FAILURE_INIT;

		if (!inputs_damage(inputs, merge, i, INT64_MAX, &what))
			inputs_left_out(inputs, i, &what);
		fprintf(out, "%zu: reached %lld, late %llu, beyond %llu, %s\n", i,
			(long long)merge_reached(merge, i), (unsigned long long)outcome->late,
			(unsigned long long)outcome->beyond, what.text);
	}
	for (uint32_t i = 0; i < source->interface_count; i++)
		fprintf(out, "%s: end %lld\n", source->interfaces[i].name,
			(long long)source->interfaces[i].statistics.end_ns);
	fclose(out);
	return text;
}

enum order { SORTED, UNSORTED };

static struct made
merge_files(char paths[FILES][32], size_t count, const struct kind *kind, enum order order,
	    struct threadpool *pool)
{
	struct made made = {.fd = memfd_create("made", 0), .rc = -1};
	struct inputs inputs = INPUTS_INIT;
	struct failure why = FAILURE_INIT;
	struct merge *merge = merge_new(&why);
	struct writer *writer = writer_new(made.fd, draw(2) ? FORMAT_PCAP : FORMAT_PCAPNG, &why);
	struct slices *slices;

	for (size_t i = 0; i < count; i++) {
		char word[40];

		snprintf(word, sizeof(word), kind->are_twins ? "e=%s" : "%s", paths[i]);
		inputs_add(&inputs, word, &why);
	}
	inputs_open(&inputs, &why);
	slices = pool ? slices_open(&inputs, SLICE) : NULL;
	if (inputs_begin(&inputs, NULL, &why) == 0 && inputs_merge(&inputs, merge, &why) == 0) {
		if (order == SORTED)
			merge_sort_inputs(merge);
		else
			merge_stop_at_disorder(merge);
		if (merge_start(merge, &why) == 0)
			made.rc = slices_copy(slices, merge, writer, pool, &why);
	}
	if (made.rc == 0)
		writer_finish(writer, &why);
	made.told = made.rc < 0 ? strdup(why.text) : tell(&inputs, merge, merge_source(merge));
	made.taken = slices ? slices_taken(slices) : 0;
	slices_free(slices);
	merge_free(merge);
	writer_free(writer);
	inputs_release(&inputs);
	return made;
}

static bool
is_same(const struct made *a, const struct made *b)
{
	const off_t size = lseek(a->fd, 0, SEEK_END);
	char *from[2];
	bool is_equal;

	if (a->rc != b->rc || strcmp(a->told, b->told) != 0)
		return false;
	/* What was written before a failure is removed. */
	if (a->rc < 0)
		return true;
	if (size != lseek(b->fd, 0, SEEK_END))
		return false;
	if (size == 0)
		return true;
	from[0] = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, a->fd, 0);
	from[1] = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, b->fd, 0);
	is_equal = memcmp(from[0], from[1], (size_t)size) == 0;
	munmap(from[0], (size_t)size);
	munmap(from[1], (size_t)size);
	return is_equal;
}

/* Break: lib/merge/slices.c s/lane_is_same(slices->lanes, end, slices->lanes\[proven + 1\].first))/true)/ */
/* Break: lib/merge/slices.c s/merge_is_plain(lane->merge) && // */
/* Break: lib/merge/slices.c s/ && lane_is_regular(lane);/;/ */
/* Break: lib/merge/slices.c s/merge_take_over(whole->merge, slices->lanes\[i\].merge);/;/ */
/* Break: lib/merge/slices.c s/merge_forget(lane->merge);/;/ */
/* Break: lib/merge/merge_part.c s/heap.count = merge->heap.duplicate_count = 0/heap.count = 0/ */
/* Break: lib/merge/merge-int.h s/merge->heap.duplicate_count == 0 &&/true &&/ */
/* Merges random files of a kind in both ways. */
static void
compare(const char *name, const struct kind *kind, enum order order, unsigned rounds,
	struct threadpool *pool)
{
	char folder[] = "/tmp/slices.XXXXXX", paths[FILES][32];
	unsigned wrong = 0;
	size_t taken = 0;

	if (!mkdtemp(folder))
		return;
	for (unsigned round = kind->from; round < kind->from + rounds; round++) {
		const size_t count = 2 + draw(FILES - 1);
		const uint64_t seed = state = (round + 1) * UINT64_C(0x9e3779b97f4a7c15);
		struct made one, sliced;

		for (size_t i = 0; i < count; i++) {
			snprintf(paths[i], sizeof(paths[i]), "%s/%zu", folder, i);
			if (kind->are_twins)
				state = seed;
			write_file(paths[i], kind, kind->ends_early && i == 0);
		}
		state = seed;
		one = merge_files(paths, count, kind, order, NULL);
		state = seed;
		sliced = merge_files(paths, count, kind, order, pool);
		if (!is_same(&one, &sliced)) {
			printf("# %s, round %u: %d, %d\n# %s\n# %s\n", name, round, one.rc,
			       sliced.rc, one.told, sliced.told);
			wrong++;
		}
		taken += sliced.taken;
		close(one.fd);
		close(sliced.fd);
		free(one.told);
		free(sliced.told);
		for (size_t i = 0; i < count; i++)
			unlink(paths[i]);
	}
	rmdir(folder);
	ok(wrong == 0 && taken > 0, "%s (%u files at most, %u rounds, %zu slices beside)", name,
	   FILES, rounds, taken);
}

int
main(void)
{
	const char *slow = getenv("VCAP_SLOW");
	const unsigned rounds = slow && *slow ? 10 * ROUNDS : ROUNDS / 10;
	struct threadpool *pool;
	struct failure why;

	if (threadpool_start(&pool, &why) < 0 || !pool) {
		puts("1..0 # skip one processor only");
		return 0;
	}
	compare("packets in order", &(struct kind){0}, UNSORTED, rounds, pool);
	compare("read through before", &(struct kind){0}, SORTED, rounds, pool);
	compare("many of one time", &(struct kind){.ties = 2}, UNSORTED, rounds, pool);
	compare("the same packets in all",
		&(struct kind){.ties = 3, .are_twins = true, .from = 1080}, UNSORTED, rounds, pool);
	compare("captures as payload", &(struct kind){.traps = 16}, UNSORTED, 8 * rounds, pool);
	compare("interfaces, sections and statistics between", &(struct kind){.rarities = 1500},
		UNSORTED, rounds, pool);
	compare("an input that ends early", &(struct kind){.ends_early = true}, UNSORTED, rounds,
		pool);
	compare("some out of order", &(struct kind){.disorder = 8000}, UNSORTED, rounds, pool);
	compare("some sorted before", &(struct kind){.disorder = 30000}, SORTED, rounds, pool);
	compare("damage", &(struct kind){.damage = 3, .traps = 20}, UNSORTED, rounds, pool);
	compare("all of it", &(struct kind){30, 3000, 20000, 5, 5, true, false, 0}, UNSORTED,
		rounds, pool);
	threadpool_free(pool);
	return done_testing();
}
