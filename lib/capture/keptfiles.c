#include "capture/keptfiles.h"

#include <stdlib.h>

#define ROOM_FIRST 16

void
keptfiles_release(struct keptfiles *kept)
{
	while (kept->count)
		keptfiles_pop(kept);
	free(kept->gone.counts);
	free(kept->list);
	*kept = KEPTFILES_INIT;
}

struct kept_file *
keptfiles_get(const struct keptfiles *kept, uint64_t number)
{
	return &kept->list[number & (kept->room - 1)];
}

/* Twice the room. Each file goes where its number has its place then. */
static int
grow(struct keptfiles *kept)
{
	const uint64_t room = kept->room ? 2 * kept->room : ROOM_FIRST;
	struct kept_file *list = calloc(room, sizeof(*list));

	if (!list)
		return -1;
	for (uint64_t i = 0; i < kept->count; i++)
		list[(kept->oldest + i) & (room - 1)] = *keptfiles_get(kept, kept->oldest + i);
	free(kept->list);
	kept->list = list;
	kept->room = room;
	return 0;
}

int
keptfiles_push(struct keptfiles *kept, const struct kept_file *file, struct failure *why)
{
	if (kept->count == kept->room && grow(kept) < 0)
		return failure_nomem(why);
	kept->newest = kept->oldest + kept->count++;
	*keptfiles_get(kept, kept->newest) = *file;
	return 0;
}

void
keptfiles_pop(struct keptfiles *kept)
{
	free(kept->gone.counts);
	kept->gone = *keptfiles_get(kept, kept->oldest++);
	kept->count--;
}
