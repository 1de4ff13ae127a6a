#include "merge/secretless.h"

#include "capfile/pcapng.h"

#include <stdlib.h>

struct secretless {
	struct source source; /* first; its interfaces are those of from */
	struct source *from;
	void (*take)(void *context, const struct note *note);
	void *context;
};

static enum source_event
secretless_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct secretless *self = (struct secretless *)source;
	struct source *from = self->from;
	enum source_event event;

	while ((event = from->next(from, packet, why)) == SOURCE_NOTE &&
	       from->note.type == PCAPNG_DSB)
		if (self->take)
			self->take(self->context, &from->note);
	source->interfaces = from->interfaces;
	source->interface_count = from->interface_count;
	source->note = from->note;
	return event;
}

struct secretless *
secretless_new(struct source *from, void (*take)(void *context, const struct note *note),
	       void *context, struct failure *why)
{
	struct secretless *secretless = calloc(1, sizeof(*secretless));

	if (!secretless) {
		failure_nomem(why);
		return NULL;
	}
	secretless->source.next = secretless_next;
	secretless->from = from;
	secretless->take = take;
	secretless->context = context;
	return secretless;
}

void
secretless_free(struct secretless *secretless)
{
	free(secretless);
}

struct source *
secretless_source(struct secretless *secretless)
{
	return &secretless->source;
}
