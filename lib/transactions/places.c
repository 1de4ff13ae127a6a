#include "transactions/places.h"

#include "base/array.h"
#include "merge/label.h"
#include "packet/loss.h"

#include <stdlib.h>
#include <string.h>

void
places_release(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->names[i]);
	free(places->names);
	free(places->places);
	*places = PLACES_INIT;
}

/* The number of an engine, which is added if it is new. -1: out of memory. */
static int
number_of(struct places *places, const char *name, uint32_t *number)
{
	size_t i = 0;

	while (i < places->count && strcmp(places->names[i], name) != 0)
		i++;
	*number = (uint32_t)i;
	if (i < places->count)
		return 0;
	if (array_grow(&places->names, places->count, sizeof(char *)) < 0 ||
	    !(places->names[places->count] = strdup(name)))
		return -1;
	places->count++;
	return 0;
}

static enum side
side_named(const char *name)
{
	for (int side = SIDE_MONITOR; name && side <= SIDE_CLIENT; side++)
		if (strcmp(name, service_side_name((enum side)side)) == 0)
			return (enum side)side;
	return SIDE_OTHER;
}

static int
add_place(struct places *places, const struct source *source)
{
	const struct label_hint hint = {.from_vcap = source->from_vcap, .fallback = "-"};
	struct place place;
	struct label label;
	int rc;

	if (array_grow(&places->places, places->place_count, sizeof(place)) < 0 ||
	    label_of(&label, &source->interfaces[places->place_count], &hint) < 0)
		return -1;
	place.side = side_named(label.side);
	place.is_dropped = strcmp(label.iface, LOSS_INTERFACE) == 0;
	rc = number_of(places, label.engine, &place.engine);
	label_release(&label);
	if (rc == 0)
		places->places[places->place_count++] = place;
	return rc;
}

int
places_learn(struct places *places, const struct source *source, struct failure *why)
{
	while (places->place_count < source->interface_count)
		if (add_place(places, source) < 0)
			return failure_nomem(why);
	return 0;
}

const struct place *
places_of(const struct places *places, uint32_t iface)
{
	return &places->places[iface];
}

const char *
places_engine(const struct places *places, uint32_t engine)
{
	return engine < places->count ? places->names[engine] : NULL;
}
