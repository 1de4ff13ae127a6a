/*
 * vcap-print: the packets of a capture as lines.
 */
#include "base/priv.h"
#include "base/sandbox.h"
#include "capfile/reader.h"
#include "cli.h"
#include "controller/fileword.h"
#include "merge/printer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-print",
    .says = "Prints a line for each packet of a capture, with its engine and side.",
    .examples = "vcap print shop\nvcap live shop | vcap print -\n",
    .synopsis = "file | id | service | -",
    .options = "",
};

static const char *
parse_options(int argc, char **argv)
{
	static const struct option none[] = {CLI_OPTIONS};
	int opt;

	while ((opt = getopt_long(argc, argv, ":", none, NULL)) != -1)
		cli_option(opt, argv);
	if (optind == argc)
		die_usage("needs a file, a capture or '-' (try --help)");
	if (optind + 1 < argc)
		die_usage("unexpected argument '%s'", argv[optind + 1]);
	return argv[optind];
}

/* Opens what the word names. */
static int
open_input(struct fileword *file, const char *word)
{
	struct failure why;
	int found = fileword_find(file, word, getenv, &why), fd;

	if (found == EXIT_MISUSE)
		die_usage("%s", why.text);
	if (found != EXIT_DONE)
		die("%s", why.text);
	if (strcmp(file->path, "-") == 0)
		return STDIN_FILENO;
	fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("cannot open '%s': %s", file->path, strerror(errno));
	return fd;
}

/* The file may be what an engine sent: what reads it can do nothing else. */
static void
confine(void)
{
	struct failure why;

	tzset(); /* the zone is in a file */
	if (priv_drop_all(&why) < 0 || sandbox_confine_files(SANDBOX_ENFORCE, -1, NULL, &why) < 0 ||
	    sandbox_confine_calls(SANDBOX_ENFORCE, SANDBOX_CALLS_STDIO, SANDBOX_OPENS_NONE, &why) <
		0)
		die("%s", why.text);
}

int
main(int argc, char **argv)
{
	struct fileword file = FILEWORD_INIT;
	struct reader *reader;
	struct failure why;
	struct stat st;
	bool at_once, is_cut = false;
	int fd, status = EXIT_DONE;

	cli_start(&self);
	fd = open_input(&file, parse_options(argc, argv));
	at_once = isatty(STDOUT_FILENO) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
	cli_pass_interrupt(file.path);
	confine();
	reader = reader_open_fd(fd, file.path, &why);
	if (!reader)
		die("%s", why.text);
	if (printer_print(reader_source(reader), stdout, at_once, &is_cut, &why) < 0) {
		warn("%s", why.text);
		status = is_cut ? EXIT_PARTIAL : EXIT_FAILED;
	}
	reader_close(reader);
	fileword_release(&file);
	return cli_finish(status);
}
