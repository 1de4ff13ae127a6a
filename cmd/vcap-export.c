/*
 * vcap-export: copies the file of a finished capture out of the spool. Never overwrites a file.
 */
#include "base/packedfile.h"
#include "base/process.h"
#include "cli.h"
#include "controller/fileword.h"
#include "controller/mergedfile.h"
#include "controller/verdict.h"
#include "merge/chosen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-export",
    .says = "Copies a capture's file out of the spool.",
    .examples = "vcap export shop /tmp\nvcap export -w - shop | tshark -r -\n",
    .synopsis = "[-F format] [-s headers] [-w file] [--anonymize key] [--comment text] [--keys] "
		"[--only part] capture [directory]",
    .options = "  -F, --format format  pcapng (the default) or pcap\n"
	       "  -s, --snaplen headers\n"
	       "                       without payload\n"
	       "  -w, --write file     write to this file, or - for standard output\n"
	       "      --anonymize key  as 'vcap anonymize': without payload, other addresses\n"
	       "      --comment text   a further note in the file\n"
	       "      --keys           with its TLS keys: whoever has the file reads all of it\n"
	       "      --only part      an engine, a side, or both: lb1, /client, lb1/client\n",
};

struct request {
	const char *capture, *directory, *file;
	struct mergedfile_form form;
};

static struct request
parse_options(int argc, char **argv)
{
	enum { ANONYMIZE = 0x100, COMMENT, KEYS, ONLY };
	static const struct option options[] = {{"format", required_argument, NULL, 'F'},
						{"snaplen", required_argument, NULL, 's'},
						{"write", required_argument, NULL, 'w'},
						{"anonymize", required_argument, NULL, ANONYMIZE},
						{"comment", required_argument, NULL, COMMENT},
						{"keys", no_argument, NULL, KEYS},
						{"only", required_argument, NULL, ONLY},
						CLI_OPTIONS};
	struct failure why;
	struct request request = {.directory = ".", .form = {.format = "pcapng"}};
	int opt;

	while ((opt = getopt_long(argc, argv, ":F:s:w:", options, NULL)) != -1) {
		switch (opt) {
		case 'F': request.form.format = optarg; break;
		case 's': request.form.snaplen = optarg; break;
		case 'w': request.file = optarg; break;
		case ANONYMIZE: request.form.pseudonyms = optarg; break;
		case COMMENT: request.form.comment = optarg; break;
		case KEYS: request.form.keys = true; break;
		case ONLY: request.form.only = optarg; break;
		default: cli_option(opt, argv);
		}
	}
	if (mergedfile_check_form(&request.form, &why) < 0 ||
	    (request.form.only && !chosen_is_part(request.form.only, &why)))
		die_usage("%s", why.text);
	if (optind == argc)
		die_usage("needs a capture (try --help)");
	request.capture = argv[optind++];
	if (optind < argc && request.file)
		die_usage("-w and a directory exclude each other: '%s'", argv[optind]);
	if (optind < argc)
		request.directory = argv[optind++];
	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (request.file && strcmp(request.file, "-") == 0 && isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w file or a pipe");
	return request;
}

/* Waits for the file. Returns EXIT_DONE, or EXIT_PARTIAL after what is missing was printed. */
static int
await(struct spool_entry *entry)
{
	struct strvec lines = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	int status;

	if (spool_entry_has_merged(entry) && !keyval_get(&entry->facts, "replace")) {
		status = verdict_tell(entry, (struct verdict_options){.is_quiet = true}, &lines);
		if (status == EXIT_PARTIAL)
			warn_lines(strvec_join(&lines, "\n"));
		strvec_release(&lines);
		return status;
	}
	if (spool_entry_is_capturing(entry))
		die("capture '%s' is still running: run 'vcap wait' or 'vcap stop' first",
		    entry->id);
	cli_lend_name();
	status = process_run((char *const[]){"vcap-wait", entry->id, NULL}, -1, -1, STDERR_FILENO,
			     -1, &why);
	if (status < 0)
		die("%s", why.text);
	if (status != EXIT_DONE && status != EXIT_PARTIAL)
		exit(EXIT_FAILED);
	return status;
}

int
main(int argc, char **argv)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	static struct packedfile out;
	struct failure why = FAILURE_INIT;
	struct request request;
	char *path;
	int found, status, from;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	found = fileword_open_capture(&entry, request.capture, getenv, &why);
	if (found == SPOOL_SEVERAL)
		die_usage("%s", why.text);
	if (found < 0)
		die("%s", why.text);
	path = request.file
		   ? xstrdup(request.file)
		   : xasprintf("%s/%s.%s", request.directory, entry.id, request.form.format);
	if (strcmp(path, "-") != 0 && access(path, F_OK) == 0)
		die("'%s' exists already", path);
	status = await(&entry);
	from = mergedfile_export(&entry, path, &request.form, getenv, &why);
	if (from < 0)
		die("%s", why.text);
	if (packedfile_open(&out, path, codec_of_name(path), &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(out.file.temporary);
	if (mergedfile_copy(&entry, from, out.fd, &request.form, &why) < 0)
		die("%s", why.text);
	if (packedfile_commit_new(&out, &why) < 0)
		die("%s", why.text);
	if (strcmp(path, "-") == 0)
		return status;
	puts(path);
	return cli_finish(status);
}
