#include "sieve.h"

#include "pcapng.h"

#include <stdio.h>

static bool
is_known(uint16_t linktype)
{
	return linktype == LINKTYPE_EN10MB || linktype == LINKTYPE_RAW ||
	       linktype == LINKTYPE_LINUX_SLL || linktype == LINKTYPE_LINUX_SLL2;
}

/* Interfaces keep their numbers: the output gets them in the order the input has them. */
static int
add_interfaces(const struct source *source, uint32_t *known, struct capwriter *out,
	       struct failure *why)
{
	for (; *known < source->interface_count; ++*known) {
		const struct interface *interface = &source->interfaces[*known];
		uint32_t id;

		if (!is_known(interface->linktype))
			return failure_set(why, "link type %u is not supported",
					   interface->linktype);
		if (capwriter_interface(out, interface, &id, why) < 0)
			return -1;
	}
	return 0;
}

static int
copy_note(const struct note *note, struct capwriter *out, struct failure *why)
{
	if (note->foreign || note->type == PCAPNG_SHB)
		return 0;
	return capwriter_raw(out, note->type, note->body, note->size, why);
}

/* They are a stream's heartbeat: whatever came before is to be seen now. */
static int
copy_statistics(const struct source *source, uint32_t which, struct capwriter *out,
		struct failure *why)
{
	const struct statistics *statistics = &source->interfaces[which].statistics;
	char core[24] = "";

	if (statistics->core != PACKET_NO_CORE)
		snprintf(core, sizeof(core), "core %u", statistics->core);
	if (capwriter_statistics(out, which, statistics, core[0] ? core : NULL, why) < 0)
		return -1;
	return capwriter_flush(out, why);
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
		case SOURCE_NOTE: rc = copy_note(&source->note, out, why); break;
		case SOURCE_CUT: return finish(in, out, &cut, why);
		case SOURCE_END: return finish(in, out, NULL, why);
		}
	}
	return SIEVE_FAILED;
}
