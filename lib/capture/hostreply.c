#include "capture/hostreply.h"

#include "base/followreply.h"
#include "capture/rundir.h"
#include "capture/runlist.h"
#include "capture/timereply.h"

#include <errno.h>
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

int
hostreply_pairs(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	int fd = rundir_open_file(operands[0], operands[1], "pairs", why);
	char bytes[65536];
	ssize_t n;

	(void)print;
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, out);
	close(fd);
	return n < 0 ? failure_errno(why, "cannot read the pairs in '%s'", operands[0]) : 0;
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

int
hostreply_follow(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	(void)print;
	return followreply_run(STDIN_FILENO, fileno(out), answer, (void *)operands, why);
}

int
hostreply_clock(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	(void)operands, (void)print;
	return timereply_run(STDIN_FILENO, fileno(out), why);
}
