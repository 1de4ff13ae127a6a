#include "flows/keyfeed.h"

#include "base/siphash.h"
#include "flows/pairsource_open.h"

#include <string.h>

/* Keys that are remembered, so as not to tell them again. */
#define SEEN_MOST (1u << 16)

/* Whether a key has not been told yet. Its secret counts: a client may have taken another's random. */
static bool
is_new(struct keyfeed *feed, const struct tlskey *key)
{
	unsigned char name[TLSKEY_RANDOM] = {0};
	char line[TLSKEY_LINE];
	const size_t length = tlskey_print(key, line);
	const uint64_t hash = siphash(&feed->seen.secret, line, length),
		       again = siphash(&(struct siphash_key){{hash, length}}, line, length);

	memcpy(name, &hash, sizeof(hash));
	memcpy(name + sizeof(hash), &again, sizeof(again));
	explicit_bzero(line, sizeof(line));
	return helloset_add(&feed->seen, name) != 0;
}

static void
refuse(struct pairsource *source, enum tlskey_line verdict)
{
	struct keyfeed *feed = source->context;

	if (feed->refused++)
		return;
	if (verdict == TLSKEY_CUT)
		failure_set(&source->note,
			    "a line of keys is cut, and refused: HAProxy's 'log' line needs "
			    "'len 4096', its ring 'maxlen 4096' (vcap-keys --print-haproxy)");
	else
		failure_set(&source->note, "a line has a malformed key, and is refused");
}

/* It has no time: what is repeated is found by is_new. */
static int64_t
take_line(struct pairsource *source, const char *line, int64_t since_ns)
{
	struct keyfeed *feed = source->context;
	struct tlskeys keys;
	const enum tlskey_line verdict = tlskey_parse(&keys, line);

	(void)since_ns;
	if (verdict != TLSKEY_GOOD)
		refuse(source, verdict);
	for (size_t i = 0; i < keys.count; i++)
		if (is_new(feed, &keys.list[i]))
			feed->report(feed->context, &keys.list[i]);
	explicit_bzero(&keys, sizeof(keys));
	return INT64_MIN;
}

struct pairsource *
keyfeed_open(struct keyfeed *feed, const struct pairsource_spec *spec, const char *ring,
	     struct failure *why)
{
	struct siphash_key secret;
	struct pairsource *source;

	if (siphash_draw_key(&secret, why) < 0)
		return NULL;
	feed->seen = HELLOSET_INIT(secret, SEEN_MOST);
	source = pairsource_open(spec, ring ? ring : KEYFEED_RING, NULL, feed, why);
	if (source)
		source->line = take_line;
	return source;
}

void
keyfeed_release(struct keyfeed *feed)
{
	helloset_release(&feed->seen);
}
