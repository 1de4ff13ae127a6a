#include "sieve.h"

#include "link.h"
#include "pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Interfaces keep their numbers: the output gets them in the order the input has them. */
static int
add_interfaces(const struct source *source, uint32_t *known, struct capwriter *out,
	       struct failure *why)
{
	for (; *known < source->interface_count; ++*known) {
		const struct interface *interface = &source->interfaces[*known];
		uint32_t id;

		if (!link_of(interface->linktype))
			return failure_set(why, "link type %u is not supported",
					   interface->linktype);
		if (capwriter_interface(out, interface, &id, why) < 0)
			return -1;
	}
	return 0;
}

static int
copy_note(struct capfile *in, struct capwriter *out, struct failure *why)
{
	const struct note *note = &capfile_source(in)->note;

	if (note->type == PCAPNG_SHB)
		return capwriter_section(out, capfile_section(in), why);
	if (!pcapng_is_copyable(note))
		return 0;
	return capwriter_raw(out, note->type, note->body, note->size, why);
}

/* They are a stream's heartbeat: whatever came before is to be seen now. */
static int
copy_statistics(const struct source *source, uint32_t which, struct capwriter *out,
		struct failure *why)
{
	const struct interface *interface = &source->interfaces[which];
	const struct statistics *statistics = &interface->statistics;
	char core[24] = "", *comment;
	int rc;

	if (statistics->core != PACKET_NO_CORE)
		snprintf(core, sizeof(core), "core %u\n", statistics->core);
	if (asprintf(&comment, "%s%s", core, statistics->commented ? interface->comment : "") < 0) {
		errno = ENOMEM;
		return failure_errno(why, "cannot write the capture");
	}
	rc = capwriter_statistics(out, which, statistics, comment, why);
	free(comment);
	return rc < 0 ? -1 : capwriter_flush(out, why);
}

static enum sieve_outcome
finish(struct capfile *in, struct capwriter *out, const struct failure *cut, struct failure *why)
{
	if (capwriter_flush(out, why) < 0)
		return SIEVE_FAILED;
	if (!cut && !capfile_section(in)->cut_short)
		return SIEVE_DONE;
	failure_set(why, "%s",
		    cut ? cut->text : "the capture read was cut short: it has no end mark");
	return SIEVE_CUT;
}

enum sieve_outcome
sieve_copy(struct capfile *in, struct capwriter *out, sieve_judge *judge, void *context,
	   struct failure *why)
{
	struct source *source = capfile_source(in);
	struct failure cut = FAILURE_INIT;
	struct packet packet;
	uint32_t known = 0;
	int rc = capwriter_section(out, capfile_section(in), why);

	while (rc == 0) {
		enum source_event event = source->next(source, &packet, &cut);

		rc = add_interfaces(source, &known, out, why);
		if (rc < 0)
			break;
		switch (event) {
		case SOURCE_PACKET:
			if (judge(context, &packet, source->interfaces[packet.iface].linktype))
				rc = capwriter_packet(out, packet.iface, &packet, why);
			break;
		case SOURCE_STATISTICS: rc = copy_statistics(source, packet.iface, out, why); break;
		case SOURCE_LATER: break;
		case SOURCE_NOTE: rc = copy_note(in, out, why); break;
		case SOURCE_CUT: return finish(in, out, &cut, why);
		case SOURCE_END: return finish(in, out, NULL, why);
		}
	}
	return SIEVE_FAILED;
}
