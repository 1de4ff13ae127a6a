#include "base/keyval.h"

#include "base/array.h"
#include "base/fileio.h"
#include "base/outfile.h"
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUE_LEAST 128 /* bytes of a value that are written in any case */

void
keyval_release(struct keyval *kv)
{
	for (size_t i = 0; i < kv->count; i++) {
		free(kv->pairs[i].key);
		free(kv->pairs[i].value);
	}
	free(kv->pairs);
	*kv = KEYVAL_INIT;
}

const char *
keyval_get(const struct keyval *kv, const char *key)
{
	for (size_t i = 0; i < kv->count; i++)
		if (strcmp(kv->pairs[i].key, key) == 0)
			return kv->pairs[i].value;
	return NULL;
}

uint64_t
keyval_number(const struct keyval *kv, const char *key, uint64_t fallback)
{
	const char *value = keyval_get(kv, key);
	uint64_t number = fallback;

	if (value)
		parse_number(value, UINT64_MAX, &number, NULL);
	return number;
}

static int
append(struct keyval *kv, const char *key, char *value)
{
	struct keyval_pair pair = {strdup(key), value};

	if (!pair.key || array_grow(&kv->pairs, kv->count, sizeof(pair)) < 0) {
		free(pair.key);
		return -1;
	}
	kv->pairs[kv->count++] = pair;
	return 0;
}

static void
remove_after(struct keyval *kv, const char *key, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < kv->count; i++) {
		if (strcmp(kv->pairs[i].key, key) == 0) {
			free(kv->pairs[i].key);
			free(kv->pairs[i].value);
		} else {
			kv->pairs[kept++] = kv->pairs[i];
		}
	}
	kv->count = kept;
}

/* The formatted value, with what would break a line (or a terminal) made harmless. */
static char *
format_value(const char *format, va_list args)
{
	char *value = NULL;

	if (vasprintf(&value, format, args) < 0)
		return NULL;
	for (unsigned char *s = (unsigned char *)value; *s; s++)
		if (*s < 0x20 || *s == 0x7f)
			*s = '?';
	return value;
}

int
keyval_set(struct keyval *kv, const char *key, const char *format, ...)
{
	va_list args;
	char *value;

	va_start(args, format);
	value = format_value(format, args);
	va_end(args);
	if (!value)
		return -1;
	for (size_t i = 0; i < kv->count; i++) {
		if (strcmp(kv->pairs[i].key, key) == 0) {
			free(kv->pairs[i].value);
			kv->pairs[i].value = value;
			remove_after(kv, key, i + 1);
			return 0;
		}
	}
	if (append(kv, key, value) == 0)
		return 0;
	free(value);
	return -1;
}

int
keyval_add(struct keyval *kv, const char *key, const char *format, ...)
{
	va_list args;
	char *value;

	va_start(args, format);
	value = format_value(format, args);
	va_end(args);
	if (value && append(kv, key, value) == 0)
		return 0;
	free(value);
	return -1;
}

static bool
is_key(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!islower((unsigned char)word[i]) && !isdigit((unsigned char)word[i]) &&
		    !strchr("_.-", word[i]))
			return false;
	return length > 0;
}

int
keyval_parse(struct keyval *kv, const char *text, struct failure *why)
{
	unsigned line = 1;

	for (const char *s = text; *s; line++) {
		size_t length = strcspn(s, "\n");
		size_t key_length = strcspn(s, " \n");

		if (length > 0) {
			char *key = NULL;
			bool spaced = key_length < length;
			int rc;

			if (!is_key(s, key_length))
				return failure_set(why, "line %u is not 'key value': '%.*s'", line,
						   (int)length, s);
			key = strndup(s, key_length);
			rc = key ? keyval_add(kv, key, "%.*s",
					      spaced ? (int)(length - key_length - 1) : 0,
					      spaced ? s + key_length + 1 : "")
				 : -1;
			free(key);
			if (rc < 0)
				return failure_errno(why, "line %u", line);
		}
		s += length;
		if (*s)
			s++;
	}
	return 0;
}

int
keyval_load(struct keyval *kv, int dirfd, const char *name, struct failure *why)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct failure detail = FAILURE_INIT;
	struct stat st;
	char *text;
	size_t size;
	int rc;

	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return failure_set(why, "cannot read '%s': not a regular file", name);
	}
	rc = fileio_slurp(fd, KEYVAL_MAX, name, &text, &size, why);
	close(fd);
	if (rc < 0)
		return -1;
	rc = keyval_parse(kv, text, &detail);
	free(text);
	if (rc < 0) {
		errno = EINVAL;
		return failure_set(why, "'%s': %s", name, detail.text);
	}
	return 0;
}

/* The bytes of a value that are written if it may have most of them: whole characters of UTF-8. */
static size_t
written_length(const char *value, size_t most)
{
	size_t length = strlen(value);

	if (length <= most)
		return length;
	for (length = most; length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80; length--)
		;
	return length;
}

/* The lines as text (heap; NULL: out of memory), values cut to most bytes. */
static char *
print_lines(const struct keyval *kv, size_t most, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	for (size_t i = 0; out && i < kv->count; i++)
		fprintf(out, "%s %.*s\n", kv->pairs[i].key,
			(int)written_length(kv->pairs[i].value, most), kv->pairs[i].value);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int
keyval_store(const struct keyval *kv, int dirfd, const char *name, struct failure *why)
{
	char *text = NULL;
	size_t size = 0;
	int rc;

	for (size_t most = KEYVAL_MAX; most >= VALUE_LEAST; most /= 2) {
		free(text);
		text = print_lines(kv, most, &size);
		if (!text)
			return failure_errno(why, "cannot write '%s'", name);
		if (size <= KEYVAL_MAX)
			break;
	}
	rc = size <= KEYVAL_MAX
		 ? outfile_replace(dirfd, name, text, size, why)
		 : failure_set(why, "cannot write '%s': it has too many lines", name);
	free(text);
	return rc;
}
