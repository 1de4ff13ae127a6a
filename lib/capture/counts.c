#include "capture/counts.h"

void
counts_add(struct counts *to, const struct counts *counts)
{
	to->packets += counts->packets;
	to->bytes += counts->bytes;
	to->truncated += counts->truncated;
	to->removed += counts->removed;
	to->removed_bytes += counts->removed_bytes;
	to->received += counts->received;
	to->dropped += counts->dropped;
	to->skipped += counts->skipped;
}
