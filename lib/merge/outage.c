#include "merge/outage.h"

#include "base/datetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPT_COMMENT 1 /* pcapng, section 3.5 */

void
outage_release(struct outage *outage)
{
	free(outage->options);
	*outage = OUTAGE_INIT;
}

void
outage_begin(struct outage *outage, int64_t from_ns)
{
	if (outage->state == OUTAGE_LASTS)
		return;
	/* Of one that no packet has followed, the next is the rest. */
	if (outage->state == OUTAGE_NONE)
		outage->from_ns = from_ns;
	outage->state = OUTAGE_LASTS;
}

void
outage_end(struct outage *outage, int64_t to_ns)
{
	if (outage->state != OUTAGE_LASTS)
		return;
	outage->state = OUTAGE_OVER;
	outage->to_ns = to_ns;
	outage->count++;
}

const char *
outage_print(const struct outage *outage, const char *engine, char to[OUTAGE_TEXT])
{
	char from[DATETIME_UTC], until[DATETIME_UTC];

	datetime_utc(outage->to_ns, until);
	if (outage->from_ns == INT64_MIN)
		snprintf(to, OUTAGE_TEXT, "nothing of '%.80s' before %s: its stream began late",
			 engine, until);
	else
		snprintf(to, OUTAGE_TEXT, "nothing of '%.80s' from %s to %s: its stream had ended",
			 engine, datetime_utc(outage->from_ns, from), until);
	return to;
}

int
outage_mark(struct outage *outage, const char *engine, struct packet *packet)
{
	char text[OUTAGE_TEXT], said[OUTAGE_TEXT + 8];
	uint16_t head[2] = {OPT_COMMENT, 0};
	size_t padded, size;

	outage_end(outage, packet->ts_ns);
	if (outage->state != OUTAGE_OVER)
		return 0;
	outage->state = OUTAGE_NONE;
	head[1] =
	    (uint16_t)snprintf(said, sizeof(said), "vcap: %s", outage_print(outage, engine, text));
	padded = (head[1] + 3u) & ~(size_t)3u;
	size = packet->options_len + sizeof(head) + padded;
	if (size > outage->room) {
		unsigned char *options = realloc(outage->options, size);

		if (!options)
			return -1;
		outage->options = options;
		outage->room = size;
	}
	if (packet->options_len)
		memcpy(outage->options, packet->options, packet->options_len);
	memset(outage->options + packet->options_len, 0, size - packet->options_len);
	memcpy(outage->options + packet->options_len, head, sizeof(head));
	memcpy(outage->options + packet->options_len + sizeof(head), said, head[1]);
	packet->options = outage->options;
	packet->options_len = (uint32_t)size;
	return 0;
}
