/*
 * vcap-print: the packets of a capture as lines.
 */
#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"
#include "base/sandbox.h"
#include "capfile/reader.h"
#include "cli.h"
#include "controller/config.h"
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
    .synopsis = "[-c packets] [--since time] [--until time] [--between ends] ... [--tshark] "
		"file | id | service | -",
    .options = "  -c, --count packets  so many at most\n"
	       "      --since time     only packets from then on: 03:00, -5m, with a date\n"
	       "      --until time     only packets before\n"
	       "      --between ends   only between these: 10.1.1.1:40001,192.0.2.10:80\n"
	       "      --tshark         in the words of tshark, which is confined\n",
};

enum { SINCE = 256, UNTIL, BETWEEN, TSHARK };

/* Takes the value of an option. */
static void
take(struct printer_part *part, int option, const char *value)
{
	struct failure why;
	int rc = 0;

	if (option == 'c')
		rc = parse_number(value, UINT64_MAX, &part->most, &why);
	else if (option == BETWEEN)
		rc = between_add(&part->between, value, &why);
	else if (option == TSHARK)
		part->wants_tshark = true;
	else
		rc = datetime_parse_moment(value, clock_realtime_ns(),
					   option == SINCE ? &part->since_ns : &part->until_ns,
					   &why);
	if (rc < 0)
		die_usage("%s", why.text);
	if (option == 'c' && part->most == 0)
		die_usage("'-c' takes 1 or more");
}

static const char *
parse_options(int argc, char **argv, struct printer_part *part)
{
	static const struct option known[] = {{"count", required_argument, NULL, 'c'},
					      {"since", required_argument, NULL, SINCE},
					      {"until", required_argument, NULL, UNTIL},
					      {"between", required_argument, NULL, BETWEEN},
					      {"tshark", no_argument, NULL, TSHARK},
					      CLI_OPTIONS};
	int opt;

	while ((opt = getopt_long(argc, argv, ":c:", known, NULL)) != -1)
		if (opt == 'c' || (opt >= SINCE && opt <= TSHARK))
			take(part, opt, optarg);
		else
			cli_option(opt, argv);
	if (part->since_ns >= part->until_ns)
		die_usage("'--until' is not after '--since'");
	if (optind + 1 != argc)
		die_usage(optind == argc ? "needs a file, a capture or '-' (try --help)"
					 : "more than one file given");
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
	if (sandbox_confine(-1, NULL, &why) < 0)
		die("%s", why.text);
}

int
main(int argc, char **argv)
{
	struct printer_part part = PRINTER_ALL;
	struct service service = SERVICE_INIT;
	struct fileword file = FILEWORD_INIT;
	struct reader *reader;
	struct failure why;
	struct stat st;
	bool at_once, is_cut;
	int fd, status = EXIT_DONE;

	cli_start(&self);
	fd = open_input(&file, parse_options(argc, argv, &part));
	at_once = isatty(STDOUT_FILENO) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
	cli_pass_interrupt(file.path);
	part.service = part.between.count && file.service ? &service : NULL;
	if (part.service && config_service_load(&service, file.service, getenv, &why) < 0)
		die("%s", why.text);
	if (part.wants_tshark && !(part.tshark = tshark_prepare(&why)))
		warn("%s: packets are told in other words", why.text);
	confine();
	reader = reader_open_fd(fd, file.path, &why);
	if (!reader)
		die("%s", why.text);
	if (printer_print(reader_source(reader), &part, stdout, at_once, &is_cut, &why) < 0) {
		if (!ferror(stdout)) /* which cli_finish() says */
			warn("%s", why.text);
		status = is_cut ? EXIT_PARTIAL : EXIT_FAILED;
	}
	reader_close(reader);
	tshark_free(part.tshark);
	between_release(&part.between);
	service_release(&service);
	fileword_release(&file);
	return cli_finish(status);
}
