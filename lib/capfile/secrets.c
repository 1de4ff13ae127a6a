#include "capfile/secrets.h"

#include "capfile/pcapng.h"

#include <stdlib.h>
#include <string.h>

/* The secrets of a block are a TLS key log (pcapng, 4.7). */
#define SECRETS_TLS 0x544c534bu

/* Of the secrets of files, what is looked at. */
#define TAKEN_MOST ((size_t)64 << 20)

static void
forget(struct secrets *secrets)
{
	if (secrets->lines)
		explicit_bzero(secrets->lines, secrets->size);
	secrets->size = 0;
}

void
secrets_release(struct secrets *secrets)
{
	forget(secrets);
	free(secrets->lines);
	sessionkeys_free(secrets->sessions);
	*secrets = SECRETS_INIT;
}

int
secrets_begin(struct secrets *secrets, struct failure *why)
{
	secrets_release(secrets);
	secrets->sessions = sessionkeys_new(why);
	return secrets->sessions ? 0 : -1;
}

void
secrets_take(struct secrets *secrets, const struct note *note)
{
	uint32_t type, size;
	char *more;

	if (note->size < 8)
		return;
	memcpy(&type, note->body, sizeof(type));
	memcpy(&size, note->body + 4, sizeof(size));
	if (type != SECRETS_TLS || size > note->size - 8 || size > TAKEN_MOST - secrets->size)
		return;
	more = malloc(secrets->size + size + 1);
	if (!more)
		return;
	/* Not by realloc, which would leave keys behind. */
	if (secrets->size)
		memcpy(more, secrets->lines, secrets->size);
	memcpy(more + secrets->size, note->body + 8, size);
	more[secrets->size + size] = '\n';
	size += (uint32_t)secrets->size + 1;
	forget(secrets);
	free(secrets->lines);
	secrets->lines = more;
	secrets->size = size;
}

int
secrets_match(struct secrets *secrets, struct failure *why)
{
	FILE *in;
	int rc;

	if (!secrets->size)
		return 0;
	in = fmemopen(secrets->lines, secrets->size, "r");
	if (!in)
		return failure_nomem(why);
	rc = sessionkeys_read(secrets->sessions, in, why);
	fclose(in);
	return rc;
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
secrets_write(const struct secrets *secrets, struct writer *writer, struct failure *why)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int rc = 0;

	if (!out || sessionkeys_print(secrets->sessions, out) < 0)
		rc = failure_nomem(why);
	if (out && fclose(out) != 0 && rc == 0)
		rc = failure_nomem(why);
	for (size_t at = 0, part; rc == 0 && at < size; at += part) {
		part = whole_lines(text + at, size - at, SECRETS_BLOCK);
		rc = write_block(text + at, part, writer, why);
	}
	if (text)
		explicit_bzero(text, size);
	free(text);
	return rc;
}
