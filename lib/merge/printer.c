#include "merge/printer.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/text.h"
#include "merge/label.h"
#include "packet/packetline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ENGINE_MAX 64

struct printer {
	struct label *labels; /* of the interfaces seen so far; heap */
	uint32_t count;
	int width; /* of the widest engine */
	FILE *out;
};

/* Learns the labels of interfaces that have come since. */
static int
learn_labels(struct printer *printer, const struct source *source, struct failure *why)
{
	const struct label_hint hint = {.from_vcap = source->from_vcap, .fallback = "-"};

	for (; printer->count < source->interface_count; printer->count++) {
		struct label *label;
		int width;

		if (array_grow(&printer->labels, printer->count, sizeof(*printer->labels)) < 0)
			return failure_nomem(why);
		label = &printer->labels[printer->count];
		*label = LABEL_INIT;
		if (label_of(label, &source->interfaces[printer->count], &hint) < 0)
			return failure_nomem(why);
		width = (int)strlen(label->engine);
		if (width > printer->width)
			printer->width = width < ENGINE_MAX ? width : ENGINE_MAX;
	}
	return 0;
}

static int
print_packet(struct printer *printer, const struct source *source, const struct packet *packet,
	     struct failure *why)
{
	const struct label *label = &printer->labels[packet->iface];
	char when[DATETIME_TEXT], engine[4 * ENGINE_MAX], line[PACKETLINE_MAX];

	packetline_format(packet, source->interfaces[packet->iface].linktype, line);
	text_escape(engine, sizeof(engine), label->engine);
	datetime_format(packet->ts_ns, when);
	if (fprintf(printer->out, "%s.%06" PRId64 " %-*s %-7s %s\n", when + strlen("YYYY-MM-DD "),
		    packet->ts_ns % NS_PER_SECOND / 1000, printer->width, engine,
		    label->side ? label->side : "-", line) < 0)
		return failure_errno(why, "cannot write to standard output");
	return 0;
}

int
printer_print(struct source *source, const struct printer_part *part, FILE *out, bool at_once,
	      bool *is_cut, struct failure *why)
{
	struct printer printer = {.out = out};
	uint64_t printed = 0;
	int rc = 0;

	*is_cut = false;
	while (rc == 0 && (!part->most || printed < part->most)) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, why);

		if (event == SOURCE_END)
			break;
		if (event == SOURCE_CUT) {
			*is_cut = true;
			rc = -1;
		}
		if (event != SOURCE_PACKET || packet.ts_ns < part->since_ns ||
		    packet.ts_ns >= part->until_ns)
			continue;
		printed++;
		rc = learn_labels(&printer, source, why);
		if (rc == 0)
			rc = print_packet(&printer, source, &packet, why);
		if (rc == 0 && at_once && fflush(out) != 0)
			rc = failure_errno(why, "cannot write to standard output");
	}
	for (uint32_t i = 0; i < printer.count; i++)
		label_release(&printer.labels[i]);
	free(printer.labels);
	return rc;
}
