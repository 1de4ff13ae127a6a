/*
 * The bytes of a connection in segments of any order: two bytes of sequence number, one of size,
 * one of bytes that were not captured, the bytes; again and again. Memory stays within its
 * allowance.
 */
#include "fuzz.h"
#include "join/inspect.h"

static const struct forwarded_rule any;

static void
count(void *context, const struct evidence *evidence)
{
	must(evidence->is_local || evidence->client.is_known || !evidence->client.has_port);
	++*(unsigned *)context;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct allowance allowance = {.limit = 4096};
	struct inspect inspect;
	unsigned reports = 0;
	uint64_t path;

	if (size & 1)
		inspect_init(&inspect, 0, &any, (struct addr){0});
	else
		inspect_init_midway(&inspect, &any, (struct addr){0});
	while (size > 4) {
		const uint32_t sequence = (uint32_t)data[0] << 8 | data[1], lost = data[3];
		const uint32_t bytes = data[2] < size - 4 ? data[2] : (uint32_t)size - 4;
		const struct segment segment = {sequence, bytes, bytes + lost, data + 4};

		inspect_push(&inspect, &segment, &allowance, count, &reports);
		must(allowance.used <= allowance.limit);
		data += 4 + bytes;
		size -= 4 + bytes;
	}
	inspect_is_pending(&inspect);
	inspect_has_path(&inspect, &path);
	inspect_release(&inspect, &allowance);
	must(allowance.used == 0);
	return 0;
}
