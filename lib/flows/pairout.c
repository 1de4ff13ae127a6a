/*
 * The file is a copy beside the packets of a capture, for later: it must never endanger them. So it
 * ends, with a line that says so, when it is large or the disk reaches its reserve, and standard
 * output goes on.
 */
#include "flows/pairout.h"

#include "base/diskquota.h"
#include "base/parse.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
pairout_keep(struct pairout *out, const char *reserve, struct failure *why)
{
	const bool is_default = strcmp(reserve, PAIROUT_RESERVE) == 0;

	if (!is_default && parse_size(reserve, &out->reserve, why) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN); /* the file outlives the reader of standard output */
	out->kept = fdopen(PAIROUT_FD, "w");
	if (!out->kept)
		return failure_errno(why, "cannot keep pairs on descriptor %d", PAIROUT_FD);
	if (is_default)
		out->reserve = diskquota_default_reserve(PAIROUT_FD);
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

/* Closes the file if it is full. */
static void
flush_kept(struct pairout *out)
{
	const bool has_room = diskquota_free_bytes(fileno(out->kept)) > out->reserve;
	struct stat st;

	if (has_room && fflush(out->kept) == 0 && fstat(fileno(out->kept), &st) == 0 &&
	    st.st_size < PAIROUT_MOST)
		return;
	if (has_room)
		fputs("# what came later is not kept\n", out->kept);
	fclose(out->kept);
	out->kept = NULL;
}

int
pairout_flush(struct pairout *out, struct failure *why)
{
	if (out->kept)
		flush_kept(out);
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
