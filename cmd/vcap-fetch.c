/*
 * vcap-fetch: brings what one engine has captured to a file, as one stream of vcap-merge there, and
 * believes it only when it is whole.
 */
#include "child.h"
#include "cli.h"
#include "engine.h"
#include "fdio.h"
#include "keyval.h"
#include "spool.h"
#include "tally.h"
#include "words.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_NS INT64_C(60000000000) /* with an engine that is silent */
#define OVERHEAD    256                  /* bytes around a packet, at most */

static const struct command self = {
    .name = "vcap-fetch",
    .synopsis = "[-k] engine id file",
    .options = "  -k, --keep     leave the engine's copy where it is\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
};

struct request {
	const char *engine, *id, *file;
	char *directory; /* of the capture on the engine */
	bool keep;
};

static struct request
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"keep", no_argument, NULL, 'k'}, CLI_OPTIONS};
	struct engines engines = ENGINES_INIT;
	struct request request = {0};
	struct failure why = FAILURE_INIT;
	const struct engine *engine;
	int opt;

	while ((opt = getopt_long(argc, argv, ":k", options, NULL)) != -1) {
		if (opt != 'k')
			cli_option(opt, argv);
		request.keep = true;
	}
	if (argc - optind != 3)
		die_usage("needs an engine, a capture's id and a file (try --help)");
	request.engine = argv[optind];
	request.id = argv[optind + 1];
	request.file = argv[optind + 2];
	if (!spool_is_id(request.id))
		die_usage("not a capture's id: '%s'", request.id);
	if (engines_load(&engines, getenv, &why) < 0 ||
	    !(engine = engines_find(&engines, request.engine, &why)))
		die_usage("%s", why.text);
	request.directory = engine_capture_directory(engine, request.id);
	if (!request.directory)
		die("out of memory");
	engines_release(&engines);
	return request;
}

/* The command that runs this one on the engine. */
static char **
on_engine(const struct request *request, char *const *command)
{
	struct words argv = WORDS_INIT;
	char **words;

	words_add(&argv, "vcap-on");
	words_add(&argv, request->engine);
	words_add_all(&argv, command);
	words = words_finish(&argv);
	if (!words)
		die("out of memory");
	return words;
}

static int
run_there(const struct request *request, char *const *command, int out)
{
	char **argv = on_engine(request, command);
	struct failure why = FAILURE_INIT;
	int status = child_run(argv, -1, out, STDERR_FILENO, PATIENCE_NS, &why);

	if (status < 0)
		die("%s", why.text);
	words_free(argv);
	return status;
}

/* What the engine says it has kept. */
static void
ask(const struct request *request, struct keyval *said)
{
	char *const command[] = {"vcap-host", "status", request->directory, NULL};
	struct failure why = FAILURE_INIT;
	int out = child_output_open(256 << 10, &why), status;
	char *text;

	if (out < 0)
		die("%s", why.text);
	status = run_there(request, command, out);
	text = child_output_text(out);
	if (status != 0)
		die("engine '%s' has nothing to say about '%s'", request->engine, request->id);
	if (!text || keyval_parse(said, text, &why) < 0)
		die("engine '%s' gave no answer of vcap's: %s", request->engine, why.text);
	free(text);
	close(out);
}

/* What an honest stream can be at most, as a limit on the file that the child may write. */
static void
limit_size(const struct keyval *said, struct rlimit *before)
{
	rlim_t most = (1 << 20) + keyval_number(said, "bytes", 0) +
		      OVERHEAD * (keyval_number(said, "packets", 0) & UINT32_MAX);
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, before);
	limit = *before;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > most)
		limit.rlim_cur = most;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* Waits for the child as long as the file grows. */
static int
wait_while_growing(struct child *child, int fd)
{
	struct stat before = {0}, now;

	while (!child_ended(child, PATIENCE_NS)) {
		if (fstat(fd, &now) < 0 || now.st_size == before.st_size)
			break;
		before = now;
	}
	return child_wait(child, 0);
}

/* The engine's file, into out. Returns the status of vcap-merge there. */
static int
fetch(const struct request *request, const struct outfile *out, const struct keyval *said)
{
	char *input = xasprintf("%s=%s", request->engine, request->directory);
	char **argv = on_engine(request, (char *const[]){"vcap-merge", "-w", "-", input, NULL});
	struct failure why = FAILURE_INIT;
	struct rlimit before;
	struct child child;
	int status;

	limit_size(said, &before);
	if (child_start(&child, argv, -1, out->fd, STDERR_FILENO, &why) < 0)
		die("%s", why.text);
	setrlimit(RLIMIT_FSIZE, &before);
	status = wait_while_growing(&child, out->fd);
	words_free(argv);
	free(input);
	if (status == CHILD_TIMEOUT)
		warn("engine '%s' sends nothing more", request->engine);
	else if (status == 128 + SIGXFSZ)
		warn("engine '%s' sends more than it has", request->engine);
	else if (status != 0 && status != EXIT_PARTIAL)
		warn("engine '%s' sent no whole file", request->engine);
	return status;
}

/* Whether the file is what the engine said. */
static int
check(const struct request *request, const char *path, const struct keyval *said)
{
	uint64_t packets = keyval_number(said, "packets", 0);
	struct tally tally = {0};
	struct failure why = FAILURE_INIT;

	if (tally_take(&tally, path, &why) < 0) {
		warn("engine '%s': %s", request->engine, why.text);
		return -1;
	}
	if (tally.packets == packets && tally.bytes == keyval_number(said, "bytes", 0))
		return tally.cut_short ? EXIT_PARTIAL : EXIT_DONE;
	warn("engine '%s' kept %" PRIu64 " packets, but sent %" PRIu64, request->engine, packets,
	     tally.packets);
	/* Of a capture that was killed, the engine's last count is older than its files. */
	return strcmp(keyval_get(said, "reason") ? keyval_get(said, "reason") : "", "killed") == 0
		   ? EXIT_PARTIAL
		   : -1;
}

int
main(int argc, char **argv)
{
	struct keyval said = KEYVAL_INIT;
	struct outfile out = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	int status, verdict;

	cli_start(&self);
	request = parse_options(argc, argv);
	if (child_siblings_first() < 0)
		die("out of memory");
	ask(&request, &said);
	if (outfile_open(&out, request.file, &why) < 0)
		die("%s", why.text);
	status = fetch(&request, &out, &said);
	verdict =
	    status == 0 || status == EXIT_PARTIAL ? check(&request, out.temporary, &said) : -1;
	if (verdict < 0) {
		outfile_abandon(&out);
		return EXIT_FAILED;
	}
	if (outfile_commit(&out, &why) < 0)
		die("%s", why.text);
	if (!request.keep &&
	    run_there(&request, (char *const[]){"vcap-host", "remove", request.directory, NULL},
		      STDERR_FILENO) != 0)
		die("the copy on engine '%s' could not be removed", request.engine);
	return cli_finish(status > verdict ? status : verdict);
}
