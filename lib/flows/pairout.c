/*
 * The file is a copy beside the packets of a capture, for later: it must never endanger them. So it
 * ends, with a line that says so, when it is large or the disk reaches its reserve, and standard
 * output goes on. A ring's is two files by turns, so that it never ends; a confined process can empty a file,
 * but not remove one.
 */
#include "flows/pairout.h"

#include "base/clock.h"
#include "base/diskquota.h"
#include "base/parse.h"

#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* RESERVE or RESERVE/TIME. */
static int
parse(struct pairout *out, const char *word, bool *is_default, struct failure *why)
{
	const size_t length = strcspn(word, "/");
	char reserve[32];

	snprintf(reserve, sizeof(reserve), "%.*s", (int)length, word);
	*is_default = strcmp(reserve, PAIROUT_RESERVE) == 0;
	if (!*is_default && parse_size(reserve, &out->reserve, why) < 0)
		return -1;
	if (!word[length])
		return 0;
	if (parse_duration(word + length + 1, NS_PER_SECOND, &out->rolling_ns, why) < 0)
		return -1;
	return out->rolling_ns > 0 ? 0 : failure_set(why, "no time: '%s'", word);
}

int
pairout_keep(struct pairout *out, const char *word, struct failure *why)
{
	bool is_default;

	if (parse(out, word, &is_default, why) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN); /* the file outlives the reader of standard output */
	out->kept = fdopen(PAIROUT_FD, "w");
	if (!out->kept)
		return failure_errno(why, "cannot keep pairs on descriptor %d", PAIROUT_FD);
	if (out->rolling_ns && !(out->other = fdopen(PAIROUT_FD + 1, "w")))
		return failure_errno(why, "cannot keep pairs on descriptor %d", PAIROUT_FD + 1);
	if (is_default)
		out->reserve = diskquota_default_reserve(PAIROUT_FD);
	out->begun_ns = clock_boottime_ns();
	return 0;
}

void
pairout_pair(struct pairout *out, const struct connpair *pair)
{
	if (out->printed)
		connpair_print(pair, out->printed);
	if (out->kept)
		connpair_print(pair, out->kept);
}

void
pairout_comment(struct pairout *out, const char *text)
{
	if (out->printed)
		fprintf(out->printed, "# %s\n", text);
	if (out->kept)
		fprintf(out->kept, "# %s\n", text);
}

static void
empty(FILE *file)
{
	/* What is left of a write that failed is not to come later. */
	__fpurge(file);
	rewind(file);
	(void)!ftruncate(fileno(file), 0);
}

static bool
has_room(const struct pairout *out)
{
	return diskquota_free_bytes(fileno(out->kept)) > out->reserve;
}

/* Begins the other file anew when it is its turn; without room both begin anew. */
static void
turn(struct pairout *out)
{
	const int64_t now = clock_boottime_ns();
	const bool is_written = has_room(out) && fflush(out->kept) == 0;
	FILE *before = out->kept;
	struct stat st;

	if (is_written && now - out->begun_ns < out->rolling_ns &&
	    fstat(fileno(out->kept), &st) == 0 && st.st_size < PAIROUT_MOST / 2)
		return;
	out->kept = out->other;
	out->other = before;
	out->begun_ns = now;
	empty(out->kept);
	if (!is_written)
		empty(out->other);
}

/* Closes the file if it is full. */
static void
flush_kept(struct pairout *out)
{
	const bool is_roomy = has_room(out);
	struct stat st;

	if (is_roomy && fflush(out->kept) == 0 && fstat(fileno(out->kept), &st) == 0 &&
	    st.st_size < PAIROUT_MOST)
		return;
	if (is_roomy)
		fputs("# what came later is not kept\n", out->kept);
	fclose(out->kept);
	out->kept = NULL;
}

int
pairout_flush(struct pairout *out, struct failure *why)
{
	if (out->kept)
		(out->rolling_ns ? turn : flush_kept)(out);
	if (!out->printed)
		return out->kept != NULL;
	if (fflush(out->printed) == 0)
		return 1;
	if (errno == EPIPE)
		return pairout_leave(out);
	return failure_errno(why, "cannot write to standard output");
}

bool
pairout_leave(struct pairout *out)
{
	out->printed = NULL;
	return out->kept != NULL;
}

/* Tells the note, if there is one, and where existing connections end. Returns as pairout_flush. */
static int
print_news(struct pairout *out, struct pairsource *source, pairsource_tell *tell,
	   struct failure *why)
{
	if (*source->note.text)
		tell("%s", source->note.text);
	source->note = FAILURE_INIT;
	if (source->is_current && !out->was_current)
		pairout_comment(out, "those above existed before; from here on as they happen");
	out->was_current = source->is_current;
	return pairout_flush(out, why);
}

int
pairout_pass(struct pairout *out, struct pairsource *source, pairsource_tell *tell,
	     struct failure *why)
{
	int rc = pairsource_wait(source, out->printed ? STDOUT_FILENO : -1, why), printed;

	if (rc == 0)
		return pairout_leave(out);
	if (rc > 0)
		rc = source->read(source, why);
	printed = print_news(out, source, tell, why);
	return rc > 0 || printed < 0 ? printed : rc;
}
