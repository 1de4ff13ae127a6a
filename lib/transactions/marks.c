#include "transactions/marks.h"

#include "base/array.h"
#include "capfile/pcapng_option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK    "vcap: transaction "
#define SAID    "vcap: haproxy "
#define EARLIER "earlier: "

enum { OPT_COMMENT = 1 };

/* Of a transaction, or what the proxy said of it. */
struct mark {
	uint64_t packet, id;
	char said[12]; /* "": none */
};

void
marks_release(struct marks *marks)
{
	free(marks->list);
	free(marks->options);
	*marks = MARKS_INIT;
}

int
marks_add(struct marks *marks, const struct transaction *row, struct failure *why)
{
	for (int i = 0; i < TRANSACTION_MARKS; i++) {
		if (row->marks[i] == 0)
			continue;
		if (array_grow(&marks->list, marks->count, sizeof(*marks->list)) < 0)
			return failure_nomem(why);
		marks->list[marks->count++] = (struct mark){.packet = row->marks[i], .id = row->id};
	}
	if (row->proxy_mark && row->proxy[0]) {
		struct mark mark = {.packet = row->proxy_mark, .id = row->id};

		if (array_grow(&marks->list, marks->count, sizeof(mark)) < 0)
			return failure_nomem(why);
		memcpy(mark.said, row->proxy, sizeof(mark.said));
		marks->list[marks->count++] = mark;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct mark *one = a, *other = b;

	if (one->packet != other->packet)
		return one->packet < other->packet ? -1 : 1;
	if (one->id != other->id)
		return one->id < other->id ? -1 : 1;
	return strcmp(one->said, other->said);
}

/* Whether the text of a comment begins as one of ours does. */
static bool
looks_like_ours(const struct block_option *option)
{
	return (option->size >= sizeof(MARK) - 1 &&
		memcmp(option->value, MARK, sizeof(MARK) - 1) == 0) ||
	       (option->size >= sizeof(SAID) - 1 &&
		memcmp(option->value, SAID, sizeof(SAID) - 1) == 0);
}

/* Copies the packet's own options; a comment that looks like one of ours is renamed. */
static unsigned char *
copy_options(const struct packet *packet, unsigned char *to)
{
	const unsigned char *at = packet->options, *end = at + packet->options_len;
	struct block_option option;

	while (at && pcapng_option_next(false, &at, end, &option) > 0) {
		bool is_mark = option.code == OPT_COMMENT && looks_like_ours(&option) &&
			       option.size < UINT16_MAX - sizeof(EARLIER);

		to = pcapng_option_put(to, option.code, is_mark ? EARLIER : "", option.value,
				       option.size);
	}
	return to;
}

/* Whether the options have a comment that looks like one of ours. */
static bool
has_mark(const struct packet *packet)
{
	return packet->options_len &&
	       (memmem(packet->options, packet->options_len, MARK, sizeof(MARK) - 1) ||
		memmem(packet->options, packet->options_len, SAID, sizeof(SAID) - 1));
}

/* A copy_annotate. */
static int
annotate(void *context, struct packet *packet, struct failure *why)
{
	struct marks *marks = context;
	size_t first, count, most;
	unsigned char *to;

	while (marks->next < marks->count && marks->list[marks->next].packet < marks->packet)
		marks->next++;
	for (first = marks->next, count = 0;
	     first + count < marks->count && marks->list[first + count].packet == marks->packet;
	     count++)
		;
	if (count == 0 && !has_mark(packet))
		return 0;
	/* Each option may become longer by a prefix, of which there is at most one in every four bytes. */
	most = packet->options_len + (packet->options_len / 4u + 1) * (sizeof(EARLIER) + 4) +
	       count * (sizeof(MARK) + 32);
	free(marks->options);
	marks->options = malloc(most);
	if (!marks->options)
		return failure_nomem(why);
	to = copy_options(packet, marks->options);
	for (size_t i = 0; i < count; i++) {
		char text[sizeof(MARK) + 24];
		const struct mark *mark = &marks->list[first + i];
		int size = mark->said[0] ? snprintf(text, sizeof(text), SAID "%s", mark->said)
					 : snprintf(text, sizeof(text), MARK "%" PRIu64, mark->id);

		to = pcapng_option_put(to, OPT_COMMENT, "", text, (size_t)size);
	}
	packet->options = marks->options;
	packet->options_len = (uint32_t)(to - marks->options);
	return 0;
}

/* A copy_judge. */
static bool
belongs(void *context, const struct packet *packet, uint16_t linktype)
{
	struct marks *marks = context;

	marks->packet++;
	return !marks->only || rowpackets_has(marks->only, packet, linktype);
}

enum copy_outcome
marks_copy(struct marks *marks, struct reader *in, struct writer *out, struct failure *why)
{
	struct copy copy = {.in = in,
			    .out = out,
			    .judge = belongs,
			    .annotate = annotate,
			    .application = "vcap-transactions " VCAP_VERSION,
			    .context = marks};

	if (marks->count)
		qsort(marks->list, marks->count, sizeof(*marks->list), compare);
	marks->packet = 0;
	marks->next = 0;
	return copy_packets(&copy, why);
}
