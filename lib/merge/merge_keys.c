#include "merge/merge_keys.h"

#include "capfile/pcapng.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The secrets of a block are a TLS key log (pcapng, 4.7). */
#define SECRETS_TLS 0x544c534bu

/* Of the inputs' secrets, what is looked at. */
#define EMBEDDED_MOST ((size_t)64 << 20)

void
merge_keys_release(struct merge_keys *keys)
{
	for (size_t i = 0; keys->files && i < keys->paths.count; i++)
		if (keys->files[i])
			fclose(keys->files[i]);
	free(keys->files);
	sessionkeys_free(keys->sessions);
	if (keys->embedded)
		explicit_bzero(keys->embedded, keys->embedded_size);
	free(keys->embedded);
	strvec_release(&keys->paths);
	*keys = MERGE_KEYS_INIT;
}

int
merge_keys_open(struct merge_keys *keys, struct failure *why)
{
	keys->files = calloc(keys->paths.count, sizeof(*keys->files));
	if (!keys->files)
		return failure_nomem(why);
	for (size_t i = 0; i < keys->paths.count; i++) {
		keys->files[i] = fopen(keys->paths.list[i], "re");
		if (!keys->files[i])
			return failure_errno(why, "cannot read '%s'", keys->paths.list[i]);
	}
	return 0;
}

void
merge_keys_take(void *context, const struct note *note)
{
	struct merge_keys *keys = context;
	uint32_t type, size;
	char *more;

	if (note->size < 8)
		return;
	memcpy(&type, note->body, sizeof(type));
	memcpy(&size, note->body + 4, sizeof(size));
	if (type != SECRETS_TLS || size > note->size - 8 ||
	    size > EMBEDDED_MOST - keys->embedded_size)
		return;
	more = realloc(keys->embedded, keys->embedded_size + size + 1);
	if (!more)
		return;
	memcpy(more + keys->embedded_size, note->body + 8, size);
	keys->embedded = more;
	keys->embedded_size += size;
	keys->embedded[keys->embedded_size++] = '\n';
}

int
merge_keys_see(struct merge_keys *keys, struct source *from, struct failure *why)
{
	enum source_event event;
	struct packet packet;

	sessionkeys_free(keys->sessions);
	keys->sessions = sessionkeys_new(why);
	keys->embedded_size = 0;
	if (!keys->sessions)
		return -1;
	while ((event = from->next(from, &packet, why)) != SOURCE_END && event != SOURCE_CUT)
		if (event == SOURCE_PACKET &&
		    sessionkeys_see(keys->sessions, &packet,
				    from->interfaces[packet.iface].linktype) < 0)
			return failure_nomem(why);
	return event == SOURCE_END ? 0 : -1;
}

static int
read_embedded(struct merge_keys *keys, struct failure *why)
{
	FILE *in;
	int rc;

	if (!keys->embedded_size)
		return 0;
	in = fmemopen(keys->embedded, keys->embedded_size, "r");
	if (!in)
		return failure_nomem(why);
	rc = sessionkeys_read(keys->sessions, in, why);
	fclose(in);
	return rc;
}

int
merge_keys_match(struct merge_keys *keys, char **remark, struct failure *why)
{
	struct sessionkeys_count count;

	for (size_t i = 0; i < keys->paths.count; i++)
		if (sessionkeys_read(keys->sessions, keys->files[i], why) < 0)
			return -1;
	if (read_embedded(keys, why) < 0)
		return -1;
	count = sessionkeys_count(keys->sessions);
	if (asprintf(remark, "has the keys of %" PRIu64 " of %" PRIu64 " TLS sessions", count.keyed,
		     count.hellos) < 0)
		return failure_nomem(why);
	return 0;
}

/* Bytes of whole lines, at most. */
static size_t
whole_lines(const char *text, size_t size, size_t most)
{
	if (size <= most)
		return size;
	while (most > 0 && text[most - 1] != '\n')
		most--;
	return most;
}

static int
write_block(const char *text, size_t size, struct writer *writer, struct failure *why)
{
	const uint32_t head[2] = {SECRETS_TLS, (uint32_t)size};
	const size_t room = sizeof(head) + PCAPNG_PAD(size);
	unsigned char *body = calloc(1, room);
	int rc;

	if (!body)
		return failure_nomem(why);
	memcpy(body, head, sizeof(head));
	memcpy(body + sizeof(head), text, size);
	rc = writer_raw(writer, PCAPNG_DSB, body, room, why);
	explicit_bzero(body, room);
	free(body);
	return rc;
}

int
merge_keys_write(struct merge_keys *keys, struct writer *writer, struct failure *why)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int rc = 0;

	if (!out || sessionkeys_print(keys->sessions, out) < 0)
		rc = failure_nomem(why);
	if (out && fclose(out) != 0 && rc == 0)
		rc = failure_nomem(why);
	for (size_t at = 0, part; rc == 0 && at < size; at += part) {
		part = whole_lines(text + at, size - at, MERGE_KEYS_BLOCK);
		rc = write_block(text + at, part, writer, why);
	}
	if (text)
		explicit_bzero(text, size);
	free(text);
	return rc;
}
