/*
 * What inspection reports of a connection's bytes, in segments of every size and in any order.
 */
#ifndef VCAP_TEST_HEARD_H
#define VCAP_TEST_HEARD_H

#include "join/inspect.h"
#include "tap.h"

#include <stdlib.h>

/* Everything that inspection reported, as text: "CLIENT:PORT>VIP:PORT " and "local ". */
struct said {
	char text[1024];
	size_t length;
};

static inline void
note(struct said *said, const struct evidence_end *end)
{
	char addr[ADDR_TEXT] = "?";

	if (end->is_known)
		addr_format(end->addr, addr, sizeof(addr));
	said->length += (size_t)snprintf(said->text + said->length,
					 sizeof(said->text) - said->length, "%s", addr);
	if (end->has_port)
		said->length += (size_t)snprintf(
		    said->text + said->length, sizeof(said->text) - said->length, ":%u", end->port);
}

static inline void
report(void *context, const struct evidence *evidence)
{
	struct said *said = context;

	if (said->length > 900)
		return;
	if (evidence->is_disputed)
		said->length += (size_t)sprintf(said->text + said->length, "disputed");
	if (evidence->is_local)
		said->length += (size_t)sprintf(said->text + said->length, "local ");
	else {
		note(said, &evidence->client);
		if (evidence->vip.is_known) {
			said->length += (size_t)sprintf(said->text + said->length, ">");
			note(said, &evidence->vip);
		}
		said->length += (size_t)sprintf(said->text + said->length, " ");
	}
}

static inline void
push(struct inspect *inspect, uint32_t sequence, const unsigned char *bytes, uint32_t size,
     uint32_t wire, struct allowance *allowance, inspect_report *to, void *context)
{
	struct segment segment = {sequence, size, wire, bytes};

	inspect_push(inspect, &segment, allowance, to, context);
}

enum order { IN_ORDER, PAIRS_SWAPPED, TWICE };

/* Whose engine is heard, its own address, and the hops of a named header; not said: NULL or 0. */
static const struct service *heard_service;
static struct addr heard_engine;
static const char *heard_hops;

/* Hears bytes in segments of this size. */
static inline struct said
hear(const char *bytes, size_t size, size_t piece, enum order order, const char *header)
{
	struct allowance allowance = {.limit = 1 << 20};
	struct said said = {.text = ""};
	struct forwarded_rule rule = {.service = heard_service};
	struct inspect inspect;
	uint32_t start = 0xfffffff0; /* sequence numbers wrap */

	if (header && service_header_parse(&rule.header, header, heard_hops, NULL) < 0)
		abort();
	inspect_init(&inspect, start, &rule, heard_engine);
	for (size_t at = 0; at < size; at += piece) {
		size_t place = at, length;

		if (order == PAIRS_SWAPPED && at / piece % 2 == 0 && at + piece < size)
			place = at + piece;
		if (order == PAIRS_SWAPPED && at / piece % 2 == 1)
			place = at - piece;
		length = size - place < piece ? size - place : piece;
		for (int i = 0; i < (order == TWICE ? 2 : 1); i++)
			push(&inspect, start + (uint32_t)place,
			     (const unsigned char *)bytes + place, (uint32_t)length,
			     (uint32_t)length, &allowance, report, &said);
	}
	inspect_release(&inspect, &allowance);
	free(rule.header.name);
	if (allowance.used != 0)
		strcpy(said.text, "(memory is left)");
	return said;
}

struct sample {
	const char *name, *bytes;
	size_t size;
	const char *said;
	const char *header;
};
#define BYTES(text) text, sizeof(text) - 1

#define SIGNATURE   "\r\n\r\n\0\r\nQUIT\n" /* of PROXY version 2 */

static inline void
sample_in_pieces(const struct sample *sample)
{
	for (int order = IN_ORDER; order <= TWICE; order++) {
		unsigned wrong = 0;
		struct said said;

		for (size_t piece = 1; piece <= sample->size; piece++) {
			/* What has lost its place goes on at a segment's start: not the same. */
			said = hear(sample->bytes, sample->size, piece, (enum order)order,
				    sample->header);
			if (strcmp(said.text, sample->said) != 0 && wrong++ == 0)
				printf("# pieces of %zu: '%s', not '%s'\n", piece, said.text,
				       sample->said);
		}
		ok(wrong == 0, "%s, %s", sample->name,
		   order == IN_ORDER ? "in pieces"
				     : (order == TWICE ? "each twice" : "the wrong way round"));
	}
}

#endif
