#include "capture/iftable.h"

#include <stdlib.h>
#include <string.h>

int
iftable_init(struct iftable *table, uint32_t room, struct failure *why)
{
	*table = IFTABLE_INIT;
	/* Memory that is not used yet is not there. */
	table->slots = calloc(room ? room : 1, sizeof(*table->slots));
	if (!table->slots)
		return failure_errno(why, "cannot start a capture");
	table->room = room;
	return 0;
}

void
iftable_release(struct iftable *table)
{
	free(table->slots);
	*table = IFTABLE_INIT;
}

uint32_t
iftable_count(const struct iftable *table)
{
	return __atomic_load_n(&table->count, __ATOMIC_ACQUIRE);
}

uint32_t
iftable_find(const struct iftable *table, const char *name)
{
	const uint32_t count = iftable_count(table);

	for (uint32_t i = 0; i < count; i++)
		if (strcmp(table->slots[i].name, name) == 0)
			return i;
	return IFTABLE_NONE;
}

uint32_t
iftable_add(struct iftable *table, const struct iface *iface, int64_t came_ns)
{
	const uint32_t known = iftable_find(table, iface->name);
	struct ifslot *slot = &table->slots[table->count];

	if (known != IFTABLE_NONE)
		return known;
	if (table->count == table->room)
		return IFTABLE_NONE;
	memcpy(slot->name, iface->name, sizeof(slot->name));
	slot->linktype = iface->linktype;
	slot->speed = iface->speed;
	slot->came_ns = came_ns;
	__atomic_store_n(&table->count, table->count + 1, __ATOMIC_RELEASE);
	return table->count - 1;
}
