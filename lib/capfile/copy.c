#include "capfile/copy.h"

#include "capfile/pcapng.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <stdlib.h>

/* Interfaces keep their numbers: the output gets them in the order the input has them. */
int
copy_interfaces(struct copy *sieve, struct failure *why)
{
	const struct source *source = reader_source(sieve->in);

	for (; sieve->interfaces < source->interface_count; sieve->interfaces++) {
		const struct interface *interface = &source->interfaces[sieve->interfaces];
		uint32_t id;

		if (!linktype_find(interface->linktype))
			return failure_set(why, "link type %u is not supported",
					   interface->linktype);
		if (writer_interface(sieve->out, interface, &id, why) < 0)
			return -1;
	}
	return 0;
}

int
copy_note(struct copy *sieve, struct failure *why)
{
	const struct note *note = &reader_source(sieve->in)->note;

	if (note->type == PCAPNG_SHB)
		return writer_section(sieve->out, reader_section(sieve->in), why);
	if (!note->is_copyable)
		return 0;
	return writer_raw(sieve->out, note->type, note->body, note->size, why);
}

static int
write_statistics(struct copy *sieve, uint32_t which, const struct statistics *statistics,
		 const char *comment, bool is_last, struct failure *why)
{
	char core[24] = "", *text, *remark = NULL;
	int rc;

	if (statistics->core != PACKET_NO_CORE)
		snprintf(core, sizeof(core), "core %u\n", statistics->core);
	if (is_last && sieve->remark) {
		remark = sieve->remark(sieve->context);
		sieve->has_remarked = true;
	}
	if (asprintf(&text, "%s%s%s%s", core, comment ? comment : "", comment && remark ? "\n" : "",
		     remark ? remark : "") < 0) {
		free(remark);
		return failure_nomem(why);
	}
	free(remark);
	rc = writer_statistics(sieve->out, which, statistics, text, why);
	free(text);
	return rc;
}

/* They are a livestream's heartbeat: whatever came before is to be seen now. */
int
copy_statistics(struct copy *sieve, uint32_t which, int64_t last_ns, struct failure *why)
{
	const struct interface *interface = &reader_source(sieve->in)->interfaces[which];
	struct statistics statistics = interface->statistics;

	if (statistics.ts_ns > last_ns)
		statistics.ts_ns = last_ns;
	if (write_statistics(sieve, which, &statistics,
			     statistics.commented ? interface->comment : NULL,
			     statistics.end_ns != INT64_MIN, why) < 0)
		return -1;
	return writer_finish(sieve->out, why);
}

/* A capture without last statistics gets some that only hold the remark. */
static int
write_remark(struct copy *sieve, struct failure *why)
{
	struct statistics statistics = STATISTICS_INIT;
	const struct source *source = reader_source(sieve->in);

	if (!sieve->remark || sieve->has_remarked || source->interface_count == 0)
		return 0;
	statistics.ts_ns = source->interfaces[source->interface_count - 1].statistics.ts_ns;
	return write_statistics(sieve, source->interface_count - 1, &statistics, NULL, true, why);
}

enum copy_outcome
copy_finish(struct copy *sieve, const struct failure *cut, struct failure *why)
{
	if (write_remark(sieve, why) < 0 || writer_finish(sieve->out, why) < 0)
		return COPY_FAILED;
	if (!cut && !reader_section(sieve->in)->cut_short)
		return COPY_DONE;
	failure_set(why, "%s",
		    cut ? cut->text : "the capture read was cut short: it has no end mark");
	return COPY_CUT;
}

int
copy_begin(struct copy *sieve, struct failure *why)
{
	return writer_section(sieve->out, reader_section(sieve->in), why);
}

enum copy_outcome
copy_packets(struct copy *sieve, struct failure *why)
{
	struct source *source = reader_source(sieve->in);
	struct failure cut = FAILURE_INIT;
	struct packet packet;
	int rc = copy_begin(sieve, why);

	while (rc == 0) {
		enum source_event event = source->next(source, &packet, &cut);

		rc = copy_interfaces(sieve, why);
		if (rc < 0)
			break;
		switch (event) {
		case SOURCE_PACKET:
			if (sieve->judge(sieve->context, &packet,
					 source->interfaces[packet.iface].linktype))
				rc = writer_packet(sieve->out, packet.iface, &packet, why);
			break;
		case SOURCE_STATISTICS:
			rc = copy_statistics(sieve, packet.iface, INT64_MAX, why);
			break;
		case SOURCE_LATER: break;
		case SOURCE_NOTE: rc = copy_note(sieve, why); break;
		case SOURCE_CUT: return copy_finish(sieve, &cut, why);
		case SOURCE_END: return copy_finish(sieve, NULL, why);
		}
	}
	return COPY_FAILED;
}
