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

/* Characters of these two parts of a label that are shown: who made the file may have written anything. */
#define ENGINE_MAX 64
#define SIDE_MAX   64

/* A line that waits for tshark's words, which take the place of its own. */
struct held {
	char *line;
	int words_at;
};

struct printer {
	struct label *labels; /* of the interfaces seen so far; heap */
	uint32_t count;
	int width; /* of the widest engine */
	FILE *out;
	struct held *held; /* heap, and each line */
	size_t held_count;
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

/* Prints what is said of all packets at once. */
static int
print_held(struct printer *printer, struct tshark *tshark)
{
	for (size_t i = 0; i < printer->held_count; i++) {
		const struct held *held = &printer->held[i];
		const char *words = tshark_words(tshark, i);

		if (fprintf(printer->out, "%.*s%s\n",
			    words ? held->words_at : (int)strlen(held->line), held->line,
			    words ? words : "") < 0)
			return -1;
	}
	return 0;
}

/* Keeps the line until tshark has read the packet. 0: there is no room; -1 with why. */
static int
hold(struct printer *printer, const struct source *source, const struct packet *packet,
     struct tshark *tshark, struct held held, struct failure *why)
{
	int rc = tshark_add(tshark, source, packet, why);

	if (rc <= 0)
		return rc;
	held.line = strdup(held.line);
	if (!held.line || array_grow(&printer->held, printer->held_count, sizeof(held)) < 0) {
		free(held.line);
		return failure_nomem(why);
	}
	printer->held[printer->held_count++] = held;
	return 1;
}

/* 1; 0: there is no room to keep it; -1 with why. */
static int
print_packet(struct printer *printer, const struct source *source, const struct packet *packet,
	     struct tshark *tshark, struct failure *why)
{
	const struct label *label = &printer->labels[packet->iface];
	char when[DATETIME_TEXT], engine[4 * ENGINE_MAX], side[4 * SIDE_MAX];
	char line[PACKETLINE_MAX + DATETIME_TEXT + sizeof(engine) + sizeof(side) + 64];
	struct held held = {.line = line};

	text_escape(engine, sizeof(engine), label->engine);
	text_escape(side, sizeof(side), label->side ? label->side : "-");
	datetime_format(packet->ts_ns, when);
	held.words_at = snprintf(line, sizeof(line) - PACKETLINE_MAX, "%s.%06" PRId64 " %-*s %-7s ",
				 when + strlen("YYYY-MM-DD "), packet->ts_ns % NS_PER_SECOND / 1000,
				 printer->width, engine, side);
	packetline_format(packet, source->interfaces[packet->iface].linktype, line + held.words_at);
	if (tshark)
		return hold(printer, source, packet, tshark, held, why);
	if (fprintf(printer->out, "%s\n", line) < 0)
		return failure_errno(why, "cannot write to standard output");
	return 1;
}

static bool
is_of_part(const struct printer_part *part, const struct source *source,
	   const struct packet *packet)
{
	return packet->ts_ns >= part->since_ns && packet->ts_ns < part->until_ns &&
	       (part->between.count == 0 ||
		between_has(&part->between, part->service, packet,
			    source->interfaces[packet->iface].linktype));
}

/* Prints the packets as they come. 0, or -1 with why. */
static int
print_all(struct printer *printer, struct source *source, const struct printer_part *part,
	  bool at_once, bool *is_cut, struct failure *why)
{
	uint64_t printed = 0;

	while (!part->most || printed < part->most) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, why);
		int rc;

		if (event == SOURCE_END)
			break;
		*is_cut = event == SOURCE_CUT;
		if (*is_cut)
			return -1;
		if (event != SOURCE_PACKET || !is_of_part(part, source, &packet))
			continue;
		printed++;
		if (learn_labels(printer, source, why) < 0)
			return -1;
		rc = print_packet(printer, source, &packet, part->tshark, why);
		*is_cut = rc == 0;
		if (rc == 0)
			return failure_set(
			    why, "tshark takes no more packets: these are the first %" PRIu64,
			    printed - 1);
		if (rc < 0)
			return -1;
		if (at_once && fflush(printer->out) != 0)
			return failure_errno(why, "cannot write to standard output");
	}
	return 0;
}

/* Prints what waited for tshark, whether it said all or not. rc: of the packets before; of two reasons the
 * first counts. */
static int
finish(struct printer *printer, struct tshark *tshark, int rc, bool *is_cut, struct failure *why)
{
	struct failure later;

	if (tshark_run(tshark, rc == 0 ? why : &later) < 0) {
		*is_cut = true;
		rc = -1;
	}
	if (print_held(printer, tshark) == 0)
		return rc;
	*is_cut = false;
	return failure_errno(why, "cannot write to standard output");
}

int
printer_print(struct source *source, const struct printer_part *part, FILE *out, bool at_once,
	      bool *is_cut, struct failure *why)
{
	struct printer printer = {.out = out};
	int rc;

	*is_cut = false;
	rc = print_all(&printer, source, part, at_once, is_cut, why);
	if (part->tshark && (rc == 0 || *is_cut))
		rc = finish(&printer, part->tshark, rc, is_cut, why);
	for (uint32_t i = 0; i < printer.count; i++)
		label_release(&printer.labels[i]);
	for (size_t i = 0; i < printer.held_count; i++)
		free(printer.held[i].line);
	free(printer.held);
	free(printer.labels);
	return rc;
}
