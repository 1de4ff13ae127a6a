#include "controller/partsize.h"

#include "base/keyval.h"
#include "controller/engine_state.h"

#define OVERHEAD   64                  /* bytes around a packet in a file */
#define SIZE_LIMIT (UINT64_C(1) << 50) /* bytes: no disk has more, and sums stay in range */

uint64_t
partsize(const struct spool_entry *entry, const char *engine)
{
	struct keyval state;
	uint64_t bytes, packets;

	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return 0;
	bytes = engine_state_bytes(&state);
	packets = engine_state_packets(&state);
	keyval_release(&state);
	if (bytes > SIZE_LIMIT || packets > SIZE_LIMIT / OVERHEAD)
		return SIZE_LIMIT;
	return bytes + OVERHEAD * packets;
}

uint64_t
partsize_sum(const struct spool_entry *entry, const struct strvec *engines)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < engines->count; i++)
		sum += partsize(entry, engines->list[i]);
	return sum;
}

const char *
partsize_largest(const struct spool_entry *entry, const struct strvec *engines)
{
	const char *largest = engines->list[0];

	for (size_t i = 1; i < engines->count; i++)
		if (partsize(entry, engines->list[i]) > partsize(entry, largest))
			largest = engines->list[i];
	return largest;
}
