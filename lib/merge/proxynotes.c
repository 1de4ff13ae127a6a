#include "merge/proxynotes.h"

#include "base/array.h"
#include "base/strvec.h"
#include "capfile/pcapng_option.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID   "vcap: haproxy "
#define WRITER "vcap-transactions "

enum { OPT_COMMENT = 1 };

struct proxynote {
	char words[12]; /* "503 SC--" */
	uint64_t count;
};

/* Whether all that is read now was written by vcap-transactions. */
static bool
are_believed(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++) {
		const struct reader *file = inputs->list[i].file;
		const char *application = file ? reader_section(file)->application : NULL;

		if (!application || strncmp(application, WRITER, sizeof(WRITER) - 1) != 0)
			return false;
	}
	return true;
}

/* A status, or "-1" or "-", and two to four characters of HAProxy's termination state. */
static bool
are_proxy_words(const char *words)
{
	const size_t status = strspn(words, "-0123456789");
	const char *end = words + status + 1;
	const size_t length = strlen(words) - status;

	return status >= 1 && status <= 3 && words[status] == ' ' && length >= 3 && length <= 5 &&
	       end[strspn(end, "-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int
count(struct proxynotes *notes, const char *words)
{
	for (size_t i = 0; i < notes->count; i++)
		if (strcmp(notes->list[i].words, words) == 0) {
			notes->list[i].count++;
			return 0;
		}
	if (notes->count == PROXYNOTES_MAX) {
		notes->rest++;
		return 0;
	}
	if (array_grow(&notes->list, notes->count, sizeof(*notes->list)) < 0)
		return -1;
	notes->list[notes->count] = (struct proxynote){.count = 1};
	strcpy(notes->list[notes->count++].words, words);
	return 0;
}

int
proxynotes_see(void *context, const struct packet *packet)
{
	const size_t prefix = sizeof(SAID) - 1;
	const unsigned char *at = packet->options, *end = at + packet->options_len;
	struct proxynotes *notes = context;
	struct block_option option;

	while (at && pcapng_option_next(false, &at, end, &option) > 0) {
		char words[sizeof(notes->list->words)] = "";

		if (option.code != OPT_COMMENT || option.size < prefix ||
		    option.size - prefix >= sizeof(words) ||
		    memcmp(option.value, SAID, prefix) != 0)
			continue;
		memcpy(words, option.value + prefix, option.size - prefix);
		if (are_proxy_words(words) && are_believed(notes->inputs) &&
		    count(notes, words) < 0)
			return -1;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct proxynote *one = a, *other = b;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return strcmp(one->words, other->words);
}

static void
add_line(struct strvec *lines, const char *words, uint64_t count)
{
	strvec_pushf(lines, "haproxy: %s of %" PRIu64 " request%s", words, count,
		     count == 1 ? "" : "s");
}

char *
proxynotes_finish(struct proxynotes *notes)
{
	struct strvec lines = STRVEC_INIT;
	char *text = NULL;

	if (notes->count)
		qsort(notes->list, notes->count, sizeof(*notes->list), compare);
	for (size_t i = 0; i < notes->count; i++)
		add_line(&lines, notes->list[i].words, notes->list[i].count);
	if (notes->rest)
		add_line(&lines, "other words", notes->rest);
	if (lines.count && !lines.failed)
		text = strvec_join(&lines, "\n");
	strvec_release(&lines);
	free(notes->list);
	*notes = (struct proxynotes){.inputs = notes->inputs};
	return text;
}
