#include "capfile/copy.h"

#include "capfile/pcapng.h"
#include "packet/burst.h"
#include "packet/headers.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <stdlib.h>

/* Two link types in one file cannot be read by libpcap, and none of them is in pcap. */
static int
check_linktype(const struct copy *copy, const struct interface *interface, struct failure *why)
{
	const struct interface *first = reader_source(copy->in)->interfaces;
	char one[LINKTYPE_TEXT], other[LINKTYPE_TEXT];

	if (!linktype_find(interface->linktype))
		return failure_set(why, "link type %u is not supported", interface->linktype);
	if (writer_takes(copy->out, interface->linktype))
		return 0;
	return failure_set(why, "interfaces '%s' (%s) and '%s' (%s) differ in link type%s",
			   first->name ? first->name : "-", linktype_text(first->linktype, one),
			   interface->name ? interface->name : "-",
			   linktype_text(interface->linktype, other),
			   reader_format(copy->in) == FORMAT_PCAP
			       ? ", which pcap cannot have: merge them with '--mixed' first"
			       : ": '--mixed' takes both");
}

/* In the order of the input, so that interfaces keep their numbers. */
int
copy_interfaces(struct copy *copy, struct failure *why)
{
	const struct source *source = reader_source(copy->in);

	for (; copy->interfaces < source->interface_count; copy->interfaces++) {
		const struct interface *interface = &source->interfaces[copy->interfaces];
		uint32_t id;

		if (check_linktype(copy, interface, why) < 0)
			return -1;
		if (writer_interface(copy->out, interface, &id, why) < 0)
			return -1;
	}
	return 0;
}

/* The header of the input's newest section. */
static int
write_section(struct copy *copy, struct failure *why)
{
	struct file_section section = *reader_section(copy->in);
	char application[64];

	if (copy->application) {
		/* Others' files have no end mark that the copy could promise. */
		section.is_edited |= !file_section_is_from_vcap(&section);
		snprintf(application, sizeof(application), "%s", copy->application);
		section.application = application;
	}
	return writer_section(copy->out, &section, why);
}

int
copy_note(struct copy *copy, struct failure *why)
{
	const struct note *note = &reader_source(copy->in)->note;

	if (note->type == PCAPNG_SHB)
		return write_section(copy, why);
	if (!note->is_copyable || note->type == PCAPNG_DSB)
		return 0;
	return writer_raw(copy->out, note->type, note->body, note->size, why);
}

/* On the heap, or NULL. */
static char *
take_remark(struct copy *copy)
{
	if (!copy->remark)
		return NULL;
	copy->has_remarked = true;
	return copy->remark(copy->context);
}

/* Takes over remark, which may be NULL. */
static int
write_statistics(struct copy *copy, uint32_t id, const struct statistics *statistics,
		 const char *comment, char *remark, struct failure *why)
{
	char core[24] = "", *text;
	int rc;

	if (statistics->core != PACKET_NO_CORE)
		snprintf(core, sizeof(core), "core %u\n", statistics->core);
	if (asprintf(&text, "%s%s%s%s", core, comment ? comment : "", comment && remark ? "\n" : "",
		     remark ? remark : "") < 0) {
		free(remark);
		return failure_nomem(why);
	}
	free(remark);
	rc = writer_statistics(copy->out, id, statistics, text, why);
	free(text);
	return rc;
}

/* Statistics are the heartbeat of a stream: its reader is to see what precedes them. */
int
copy_statistics(struct copy *copy, uint32_t id, int64_t last_ns, struct failure *why)
{
	const struct interface *interface = &reader_source(copy->in)->interfaces[id];
	struct statistics statistics = interface->statistics;
	const bool is_last = statistics.end_ns != INT64_MIN;

	if (statistics.ts_ns > last_ns)
		statistics.ts_ns = last_ns;
	if (write_statistics(copy, id, &statistics,
			     statistics.commented ? interface->comment : NULL,
			     is_last ? take_remark(copy) : NULL, why) < 0)
		return -1;
	return writer_finish(copy->out, why);
}

/* Of a capture that had no last statistics the remark gets some of its own. */
static int
write_remark(struct copy *copy, struct failure *why)
{
	struct statistics statistics = STATISTICS_INIT;
	const struct source *source = reader_source(copy->in);

	if (!copy->remark || copy->has_remarked || source->interface_count == 0)
		return 0;
	statistics.ts_ns = source->interfaces[source->interface_count - 1].statistics.ts_ns;
	return write_statistics(copy, source->interface_count - 1, &statistics, NULL,
				take_remark(copy), why);
}

enum copy_outcome
copy_finish(struct copy *copy, const struct failure *cut, struct failure *why)
{
	if (write_remark(copy, why) < 0 || writer_finish(copy->out, why) < 0)
		return COPY_FAILED;
	if (!cut && !reader_section(copy->in)->cut_short)
		return reader_has_left_out(copy->in, why) ? COPY_CUT : COPY_DONE;
	failure_set(why, "%s",
		    cut ? cut->text : "the capture read was cut short: it has no end mark");
	return COPY_CUT;
}

int
copy_begin(struct copy *copy, struct failure *why)
{
	if (write_section(copy, why) < 0)
		return -1;
	return copy->secrets ? secrets_write(copy->secrets, copy->out, why) : 0;
}

/* Damage is reported by the copy. */
int
copy_find_secrets(const struct copy *copy, struct reader *first, struct secrets *secrets,
		  struct failure *why)
{
	struct source *source = reader_source(first);
	enum source_event event;
	struct packet packet;
	struct burst burst;

	if (secrets_begin(secrets, why) < 0)
		return -1;
	burst_init(&burst, source);
	while ((event = burst_next(&burst, &packet, NULL)) != SOURCE_END && event != SOURCE_CUT) {
		uint16_t linktype;

		if (event == SOURCE_NOTE && source->note.type == PCAPNG_DSB)
			secrets_take(secrets, &source->note);
		if (event != SOURCE_PACKET)
			continue;
		linktype = source->interfaces[packet.iface].linktype;
		if (copy->judge(copy->context, &packet, linktype) &&
		    sessionkeys_see(secrets->sessions, &packet, linktype) < 0)
			return failure_nomem(why);
	}
	return secrets_match(secrets, why);
}

/* Writes the packet if it belongs. */
static int
copy_packet(struct copy *copy, struct packet *packet, struct failure *why)
{
	const uint16_t linktype = reader_source(copy->in)->interfaces[packet->iface].linktype;

	if (!copy->judge(copy->context, packet, linktype))
		return 0;
	if (copy->annotate && copy->annotate(copy->context, packet, why) < 0)
		return -1;
	if (copy->cuts)
		headers_cut(packet, linktype);
	return writer_packet(copy->out, packet->iface, packet, why);
}

enum copy_outcome
copy_packets(struct copy *copy, struct failure *why)
{
	struct failure cut = FAILURE_INIT;
	struct packet packet;
	struct burst burst;
	int rc = copy_begin(copy, why);

	burst_init(&burst, reader_source(copy->in));
	while (rc == 0) {
		enum source_event event = burst_next(&burst, &packet, &cut);

		rc = copy_interfaces(copy, why);
		if (rc < 0)
			break;
		switch (event) {
		case SOURCE_PACKET: rc = copy_packet(copy, &packet, why); break;
		case SOURCE_STATISTICS:
			rc = copy_statistics(copy, packet.iface, INT64_MAX, why);
			break;
		case SOURCE_LATER: break;
		case SOURCE_NOTE: rc = copy_note(copy, why); break;
		case SOURCE_CUT: return copy_finish(copy, &cut, why);
		case SOURCE_END: return copy_finish(copy, NULL, why);
		}
	}
	return COPY_FAILED;
}
