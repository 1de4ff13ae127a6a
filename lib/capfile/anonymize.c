#include "capfile/anonymize.h"

#include "capfile/pcapng_option.h"
#include "packet/headers.h"
#include "packet/readdress.h"

#include <stdlib.h>
#include <string.h>

enum { OPT_COMMENT = 1 };

#define HEADERS_MAX 4096 /* bytes of headers that are kept of a packet */
#define OPTIONS_MAX 65536

struct anonymize {
	struct source *from;
	struct writer *out;
	struct pseudonyms *pseudonyms;
	uint32_t interfaces; /* how many have been written */
	unsigned char headers[HEADERS_MAX], options[OPTIONS_MAX];
};

/* As pseudonym_text; NULL stays NULL. */
static int
rename_text(struct anonymize *copy, const char *text, char **renamed, struct failure *why)
{
	*renamed = text ? pseudonym_text(copy->pseudonyms, text) : NULL;
	return text && !*renamed ? failure_nomem(why) : 0;
}

static int
write_section(struct anonymize *copy, const struct file_section *from, struct failure *why)
{
	struct file_section to = {.application = from->application};
	size_t count = 0;
	int rc = 0;

	while (from->comments && from->comments[count])
		count++;
	to.comments = calloc(count + 1, sizeof(*to.comments));
	if (!to.comments)
		return failure_nomem(why);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = rename_text(copy, from->comments[i], &to.comments[i], why);
	if (rc == 0)
		rc = writer_section(copy->out, &to, why);
	for (size_t i = 0; i < count; i++)
		free(to.comments[i]);
	free(to.comments);
	return rc;
}

/* Those that are new. */
static int
write_interfaces(struct anonymize *copy, struct failure *why)
{
	int rc = 0;

	for (; rc == 0 && copy->interfaces < copy->from->interface_count; copy->interfaces++) {
		struct interface interface = copy->from->interfaces[copy->interfaces];
		uint32_t id;

		interface.options = NULL;
		interface.options_len = 0;
		rc = rename_text(copy, interface.filter, &interface.filter, why);
		if (rc == 0)
			rc = writer_interface(copy->out, &interface, &id, why);
		free(interface.filter);
	}
	return rc;
}

/* Leaves the comments of a packet's options. */
static int
rename_options(struct anonymize *copy, struct packet *packet, struct failure *why)
{
	const unsigned char *at = packet->options, *end = at + packet->options_len;
	unsigned char *to = copy->options;
	struct block_option option;

	while (at && pcapng_option_next(false, &at, end, &option) > 0) {
		char *text, *renamed;
		size_t size;

		if (option.code != OPT_COMMENT)
			continue;
		text = pcapng_option_text(&option);
		renamed = text ? pseudonym_text(copy->pseudonyms, text) : NULL;
		free(text);
		if (!renamed)
			return failure_nomem(why);
		size = strlen(renamed);
		if (size + 8 <= (size_t)(copy->options + OPTIONS_MAX - to) && size <= UINT16_MAX)
			to = pcapng_option_put(to, OPT_COMMENT, "", renamed, size);
		free(renamed);
	}
	packet->options = copy->options;
	packet->options_len = (uint32_t)(to - copy->options);
	return 0;
}

static int
write_packet(struct anonymize *copy, struct packet *packet, struct failure *why)
{
	const uint16_t linktype = copy->from->interfaces[packet->iface].linktype;

	headers_cut(packet, linktype);
	if (packet->caplen > HEADERS_MAX)
		packet->caplen = HEADERS_MAX;
	memcpy(copy->headers, packet->data, packet->caplen);
	packet->data = copy->headers;
	packet->caplen = readdress_packet(copy->pseudonyms, copy->headers, packet->caplen,
					  packet->len, linktype);
	return rename_options(copy, packet, why) < 0
		   ? -1
		   : writer_packet(copy->out, packet->iface, packet, why);
}

static int
write_statistics(struct anonymize *copy, uint32_t id, struct failure *why)
{
	const struct interface *interface = &copy->from->interfaces[id];
	char *comment;
	int rc = rename_text(copy, interface->comment, &comment, why);

	if (rc == 0)
		rc = writer_statistics(copy->out, id, &interface->statistics, comment, why);
	free(comment);
	return rc;
}

/* Writes what came with the event. */
static int
write_event(struct anonymize *copy, enum source_event event, struct packet *packet,
	    struct failure *why)
{
	if (write_interfaces(copy, why) < 0)
		return -1;
	switch (event) {
	case SOURCE_PACKET: return write_packet(copy, packet, why);
	case SOURCE_STATISTICS: return write_statistics(copy, packet->iface, why);
	default: return 0;
	}
}

enum anonymize_outcome
anonymize_copy(struct reader *in, struct writer *out, struct pseudonyms *pseudonyms,
	       struct failure *why)
{
	struct anonymize *copy = calloc(1, sizeof(*copy));
	enum source_event event = SOURCE_LATER;
	struct failure cut = FAILURE_INIT;
	struct packet packet;
	int rc = copy ? 0 : failure_nomem(why);

	if (rc == 0) {
		*copy = (struct anonymize){
		    .from = reader_source(in), .out = out, .pseudonyms = pseudonyms};
		writer_mix_linktypes(out);
		rc = write_section(copy, reader_section(in), why);
	}
	while (rc == 0 && event != SOURCE_END && event != SOURCE_CUT) {
		event = copy->from->next(copy->from, &packet, &cut);
		rc = write_event(copy, event, &packet, why);
	}
	if (rc == 0)
		rc = writer_finish(out, why);
	if (rc == 0 && pseudonyms_have_failed(pseudonyms))
		rc = failure_set(why, "libcrypto's AES has failed");
	free(copy);
	if (rc == 0 && event == SOURCE_CUT)
		*why = cut;
	if (rc < 0)
		return ANONYMIZE_FAILED;
	return event == SOURCE_CUT ? ANONYMIZE_CUT : ANONYMIZE_DONE;
}
