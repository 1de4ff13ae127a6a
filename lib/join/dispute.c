/*
 * What an engine writes it writes into every request, so a header that is missing in one is not the
 * engine's, and no client can make it go missing. A request without any of them shows nothing: a
 * health check has none. Where requests take different ways, with a header each, all of them are
 * shown to be missing somewhere, and a dispute stays one.
 */
#include "join/dispute.h"

#include "base/array.h"

#include <stdlib.h>

#define KEPT_MAX ((size_t)1 << 20)

void
disputes_release(struct disputes *disputes)
{
	free(disputes->list);
	*disputes = DISPUTES_INIT;
}

void
disputes_learn(struct disputes *disputes, uint8_t there)
{
	if (there)
		disputes->lacking |= (uint8_t)(~there & ((1u << FORWARDED_NAMES) - 1));
}

uint8_t
disputes_settle(const struct disputes *disputes, const struct dispute *dispute)
{
	const uint8_t left = dispute->there & (uint8_t)~disputes->lacking;

	return (left & (left - 1)) == 0 ? left : 0;
}

void
disputes_keep(struct disputes *disputes, uint64_t serial, const struct dispute *dispute)
{
	if (disputes->count == KEPT_MAX ||
	    array_grow(&disputes->list, disputes->count, sizeof(*disputes->list)) < 0)
		return;
	disputes->list[disputes->count++] = (struct unsettled){serial, *dispute};
}

void
disputes_finish(struct disputes *disputes, disputes_report *report, void *context)
{
	for (size_t i = 0; i < disputes->count; i++) {
		const struct unsettled *kept = &disputes->list[i];
		const uint8_t header = disputes_settle(disputes, &kept->dispute);

		if (header & (kept->dispute.yes | kept->dispute.no))
			report(context, kept->serial, header & kept->dispute.yes);
	}
	free(disputes->list);
	disputes->list = NULL;
	disputes->count = 0;
}
