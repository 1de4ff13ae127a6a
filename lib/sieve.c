#include "sieve.h"

#include "link.h"
#include "pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Interfaces keep their numbers: the output gets them in the order the input has them. */
int
sieve_interfaces(struct sieve *sieve, struct failure *why)
{
	const struct source *source = capfile_source(sieve->in);

	for (; sieve->interfaces < source->interface_count; sieve->interfaces++) {
		const struct interface *interface = &source->interfaces[sieve->interfaces];
		uint32_t id;

		if (!link_of(interface->linktype))
			return failure_set(why, "link type %u is not supported",
					   interface->linktype);
		if (capwriter_interface(sieve->out, interface, &id, why) < 0)
			return -1;
	}
	return 0;
}

int
sieve_note(struct sieve *sieve, struct failure *why)
{
	const struct note *note = &capfile_source(sieve->in)->note;

	if (note->type == PCAPNG_SHB)
		return capwriter_section(sieve->out, capfile_section(sieve->in), why);
	if (!pcapng_is_copyable(note))
		return 0;
	return capwriter_raw(sieve->out, note->type, note->body, note->size, why);
}

static int
no_memory(struct failure *why)
{
	errno = ENOMEM;
	return failure_errno(why, "cannot write the capture");
}

static int
write_statistics(struct sieve *sieve, uint32_t which, const struct statistics *statistics,
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
		return no_memory(why);
	}
	free(remark);
	rc = capwriter_statistics(sieve->out, which, statistics, text, why);
	free(text);
	return rc;
}

/* They are a stream's heartbeat: whatever came before is to be seen now. */
int
sieve_statistics(struct sieve *sieve, uint32_t which, int64_t last_ns, struct failure *why)
{
	const struct interface *interface = &capfile_source(sieve->in)->interfaces[which];
	struct statistics statistics = interface->statistics;

	if (statistics.ts_ns > last_ns)
		statistics.ts_ns = last_ns;
	if (write_statistics(sieve, which, &statistics,
			     statistics.commented ? interface->comment : NULL,
			     statistics.end_ns != INT64_MIN, why) < 0)
		return -1;
	return capwriter_flush(sieve->out, why);
}

/* A capture without last statistics gets some that only hold the remark. */
static int
write_remark(struct sieve *sieve, struct failure *why)
{
	struct statistics statistics = {.start_ns = INT64_MIN,
					.end_ns = INT64_MIN,
					.received = STATISTICS_UNKNOWN,
					.dropped = STATISTICS_UNKNOWN,
					.accepted = STATISTICS_UNKNOWN,
					.core = PACKET_NO_CORE};
	const struct source *source = capfile_source(sieve->in);

	if (!sieve->remark || sieve->has_remarked || source->interface_count == 0)
		return 0;
	statistics.ts_ns = source->interfaces[source->interface_count - 1].statistics.ts_ns;
	return write_statistics(sieve, source->interface_count - 1, &statistics, NULL, true, why);
}

enum sieve_outcome
sieve_finish(struct sieve *sieve, const struct failure *cut, struct failure *why)
{
	if (write_remark(sieve, why) < 0 || capwriter_flush(sieve->out, why) < 0)
		return SIEVE_FAILED;
	if (!cut && !capfile_section(sieve->in)->cut_short)
		return SIEVE_DONE;
	failure_set(why, "%s",
		    cut ? cut->text : "the capture read was cut short: it has no end mark");
	return SIEVE_CUT;
}

int
sieve_begin(struct sieve *sieve, struct failure *why)
{
	return capwriter_section(sieve->out, capfile_section(sieve->in), why);
}

enum sieve_outcome
sieve_copy(struct sieve *sieve, struct failure *why)
{
	struct source *source = capfile_source(sieve->in);
	struct failure cut = FAILURE_INIT;
	struct packet packet;
	int rc = sieve_begin(sieve, why);

	while (rc == 0) {
		enum source_event event = source->next(source, &packet, &cut);

		rc = sieve_interfaces(sieve, why);
		if (rc < 0)
			break;
		switch (event) {
		case SOURCE_PACKET:
			if (sieve->judge(sieve->context, &packet,
					 source->interfaces[packet.iface].linktype))
				rc = capwriter_packet(sieve->out, packet.iface, &packet, why);
			break;
		case SOURCE_STATISTICS:
			rc = sieve_statistics(sieve, packet.iface, INT64_MAX, why);
			break;
		case SOURCE_LATER: break;
		case SOURCE_NOTE: rc = sieve_note(sieve, why); break;
		case SOURCE_CUT: return sieve_finish(sieve, &cut, why);
		case SOURCE_END: return sieve_finish(sieve, NULL, why);
		}
	}
	return SIEVE_FAILED;
}
