#include "capture/hostreply.h"

#include "base/audit.h"
#include "base/followreply.h"
#include "base/parse.h"
#include "capture/keptlines.h"
#include "capture/rundir-int.h"
#include "capture/rundir.h"
#include "capture/runlist.h"
#include "capture/snapshot.h"
#include "capture/timereply.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void
write_lines(const struct keyval *status, FILE *out)
{
	for (size_t i = 0; i < status->count; i++)
		fprintf(out, "%s %s\n", status->pairs[i].key, status->pairs[i].value);
}

/* The reason of a failure is the last that is printed; so what has expired is removed before that.
 * But only after the answer, for which a capture may be waiting to end. */
static int
finish(int rc, const struct keyval *status, char *const *operands, FILE *out, notices_print *print)
{
	write_lines(status, out);
	runlist_expire_beside(operands[0], print);
	return rc;
}

typedef int status_request(const char *path, const char *token, struct keyval *status,
			   struct failure *why);

static int
reply(status_request *ask, char *const *operands, FILE *out, notices_print *print,
      struct failure *why)
{
	struct keyval status;
	int rc = ask(operands[0], operands[1], &status, why);

	rc = finish(rc, &status, operands, out, print);
	keyval_release(&status);
	return rc;
}

int
hostreply_status(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	return reply(rundir_status, operands, out, print, why);
}

int
hostreply_stop(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	return reply(rundir_stop, operands, out, print, why);
}

int
hostreply_remove(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	return finish(rundir_remove(operands[0], operands[1], why), &KEYVAL_INIT, operands, out,
		      print);
}

/* Seconds since 1970; `-`, or nothing, is open. */
static int
read_end(const char *word, int64_t open, int64_t *ns, struct failure *why)
{
	*ns = open;
	if (!word || strcmp(word, "-") == 0)
		return 0;
	if (parse_offset(word, ns, NULL) == 0 && *ns >= 0)
		return 0;
	return failure_set(why, "not a time in seconds since 1970: '%s'", word);
}

static int
read_token(const char *word, const char **token, struct failure *why)
{
	*token = word && strcmp(word, "-") != 0 ? word : NULL;
	return !*token || parse_is_token(*token)
		   ? 0
		   : failure_set(why, "not a token of a capture: '%s'", word);
}

int
hostreply_snapshot(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	char *words[6] = {NULL};
	struct snapshot_wanted wanted;
	struct keyval status;
	int rc;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && operands[i]; i++)
		words[i] = operands[i];
	wanted = (struct snapshot_wanted){.ring = words[0], .path = words[1]};
	if (read_end(words[2], INT64_MIN, &wanted.window.from_ns, why) < 0 ||
	    read_end(words[3], INT64_MAX, &wanted.window.to_ns, why) < 0 ||
	    read_token(words[4], &wanted.ring_token, why) < 0 ||
	    read_token(words[5], &wanted.token, why) < 0)
		return -1;
	if (wanted.window.from_ns >= wanted.window.to_ns)
		return failure_set(why, "the window's end is not after its beginning");
	rc = snapshot_take(&wanted, &status, why);
	rc = finish(rc, &status, operands, out, print);
	keyval_release(&status);
	return rc;
}

static int
print_lines(char *const *operands, enum keptlines_kind kind, FILE *out, struct failure *why)
{
	int dir = rundir_open_existing(operands[0], operands[1], why), rc;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	rc = keptlines_write(dir, kind, out, why);
	close(dir);
	return rc;
}

int
hostreply_pairs(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	(void)print;
	return print_lines(operands, KEPTLINES_PAIRS, out, why);
}

int
hostreply_keys(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	struct audit audit;

	(void)print;
	audit_begin(&audit, "keys");
	audit_add(&audit, "dir", operands[0]);
	audit_add_caller(&audit);
	audit_write(&audit, AUDIT_WANTED, NULL);
	return print_lines(operands, KEPTLINES_KEYS, out, why);
}

int
hostreply_list(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	runlist_expire(operands[0], NULL, print);
	return runlist_write(operands[0], NULL, HOSTREPLY_LIST_MAX, out, print, why);
}

static int
answer(enum followreply_request request, void *context, FILE *out, struct failure *why)
{
	char *const *operands = context;
	struct keyval status;
	int rc;

	if (request == FOLLOWREPLY_REMOVE)
		return rundir_remove(operands[0], operands[1], why);
	rc = (request == FOLLOWREPLY_STOP ? rundir_request_stop
					  : rundir_status)(operands[0], operands[1], &status, why);
	write_lines(&status, out);
	keyval_release(&status);
	return rc;
}

static bool
is_gone(void *context)
{
	char *const *operands = context;

	return access(operands[0], F_OK) < 0 && errno == ENOENT;
}

int
hostreply_follow(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	(void)print;
	return followreply_run(STDIN_FILENO, fileno(out), answer, is_gone, (void *)operands, why);
}

int
hostreply_clock(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	(void)operands, (void)print;
	return timereply_run(STDIN_FILENO, fileno(out), why);
}
