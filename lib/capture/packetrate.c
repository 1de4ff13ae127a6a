/*
 * A sum is kept every sixty-fourth of the time, and the one of now is compared with that of a time ago, or the
 * oldest since the last success: so a time is right to a sixty-fourth of it, and what was told once is not
 * told again.
 */
#include "capture/packetrate.h"

#include <stdlib.h>
#include <string.h>

int
packetrates_add(struct packetrates *rates, uint64_t count, int64_t within_ns, const char *text,
		struct failure *why)
{
	struct packetrate *rate = &rates->list[rates->count];

	if (rates->count == PACKETRATE_MOST)
		return failure_set(why, "there are at most %d numbers of packets", PACKETRATE_MOST);
	*rate = (struct packetrate){.program = BPF_INIT, .count = count, .within_ns = within_ns};
	if (bpf_parse(&rate->program, text, why) < 0)
		return -1;
	rates->count++;
	return 0;
}

int
packetrates_open(struct packetrates *rates, size_t loops, struct failure *why)
{
	const size_t size = loops * sizeof(*rates->seen);

	rates->seen = aligned_alloc(sizeof(*rates->seen), size);
	if (!rates->seen)
		return failure_nomem(why);
	memset(rates->seen, 0, size);
	rates->loops = loops;
	return 0;
}

void
packetrates_release(struct packetrates *rates)
{
	for (size_t i = 0; i < rates->count; i++)
		bpf_release(&rates->list[i].program);
	free(rates->seen);
	*rates = (struct packetrates){0};
}

void
packetrates_see(struct packetrates *rates, size_t loop, const struct packet *packet)
{
	uint64_t *counts = rates->seen[loop].counts;

	for (size_t i = 0; i < rates->count; i++)
		if (bpf_run(&rates->list[i].program, packet->data, packet->caplen, packet->len))
			__atomic_store_n(&counts[i], counts[i] + 1, __ATOMIC_RELAXED);
}

static uint64_t
sum_of(const struct packetrates *rates, size_t i)
{
	uint64_t sum = 0;

	for (size_t loop = 0; loop < rates->loops; loop++)
		sum += __atomic_load_n(&rates->seen[loop].counts[i], __ATOMIC_RELAXED);
	return sum;
}

/* Keeps a sum, if the last one is old enough. */
static void
keep(struct packetrate *rate, int64_t now, uint64_t sum)
{
	const size_t last = (rate->first + rate->used - 1) % PACKETRATE_SAMPLES;
	size_t next;

	if (rate->used > 0 &&
	    now - rate->samples[last].ns < rate->within_ns / (PACKETRATE_SAMPLES - 1))
		return;
	if (rate->used == PACKETRATE_SAMPLES) {
		rate->first = (rate->first + 1) % PACKETRATE_SAMPLES;
		rate->used--;
	}
	next = (rate->first + rate->used++) % PACKETRATE_SAMPLES;
	rate->samples[next].ns = now;
	rate->samples[next].sum = sum;
}

uint64_t
packetrates_look(struct packetrates *rates, size_t i, int64_t now)
{
	struct packetrate *rate = &rates->list[i];
	const uint64_t sum = sum_of(rates, i);
	uint64_t came;

	/* The youngest of those that are a time ago is the one to compare with. */
	while (rate->used > 1 &&
	       rate->samples[(rate->first + 1) % PACKETRATE_SAMPLES].ns <= now - rate->within_ns) {
		rate->first = (rate->first + 1) % PACKETRATE_SAMPLES;
		rate->used--;
	}
	came = rate->used > 0 ? sum - rate->samples[rate->first].sum : sum;
	if (came < rate->count) {
		keep(rate, now, sum);
		return 0;
	}
	rate->first = rate->used = 0;
	keep(rate, now, sum);
	return came;
}
