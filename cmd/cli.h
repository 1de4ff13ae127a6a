/*
 * What all commands share: the name in messages, exit codes, --help and --version, and a check that
 * standard output was written. Commands die; the library never does.
 */
#ifndef VCAP_CLI_H
#define VCAP_CLI_H

#include "base/exitcode.h"
#include "base/failure.h"
#include "base/table.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

struct command {
	const char *name;     /* "vcap-filter" */
	const char *says;     /* a sentence, for --help: what it does */
	const char *synopsis; /* the arguments, as the manual's SYNOPSIS has them, without the name;
				 several forms are lines of their own */
	const char *options;  /* one line an option, for --help; each ends in a newline. -h and
				 --version are added, before a last part that is not indented */
	const char *examples; /* one or two, each ends in a newline */
};

/* Values of the long options that every command has. CLI_OPTIONS is the end of the option table;
 * the default case of the switch passes what getopt_long returned to cli_option. */
enum { CLI_HELP = 0x1000, CLI_VERSION };
/* clang-format off */
#define CLI_OPTIONS \
	{"help", no_argument, NULL, CLI_HELP}, \
	{"version", no_argument, NULL, CLI_VERSION}, \
	{NULL, 0, NULL, 0}
/* clang-format on */

/* Where commands of the system are found, whoever asks. */
#define CLI_SAFE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Whose name stands before a message: that of VCAP_AS, which a command sets for one that does its
 * work ("vcap capture" for vcap-start), so that messages are of what the user typed; else this
 * command's. VCAP_AS is unset by cli_start: no command that is run for another reason takes it over.
 */

/* Whether VCAP_AS, before cli_start, is that command, written "vcap-verb" or "vcap verb". */
bool cli_is_asked_by(const char *name);

/* Whether this command does another one's work (after cli_start). */
bool cli_is_lent(void);

/* Between these two, commands that are run speak in the name that this one has. */
void cli_lend_name(void);
void cli_take_name_back(void);

/* Call first: sets the name for messages and umask 077, and opens descriptors 0-2 if they are
 * closed. command must stay valid. */
void cli_start(const struct command *command);

/* Puts the directory of this program first on PATH, so that it runs the vcap commands installed
 * beside it. Call before the first of them is run and before any thread starts. */
void cli_siblings_first(void);

/*
 * Whether sudo runs this command for a user who may not be root otherwise: what the user could not
 * do has to be refused, with a message that says so. The environment, which is partly that user's,
 * is then emptied but for the names that sudo sets and a safe PATH, which cli_siblings_first keeps.
 * False for what such a command runs itself, and in a shell that sudo started.
 */
bool cli_is_for_another(void);

/* Handles --help and --version (prints to stdout, exits 0); anything else is wrong usage. The short
 * option string has to begin with ':' (or "+:"), so that a missing value is reported as such. */
_Noreturn void cli_option(int opt, char **argv);

/* For a command whose first operand is a request: the element of an array of structures whose first
 * member, a string, is name. Wrong usage if there is none, or name is NULL. */
#define CLI_REQUEST(requests, name) \
	cli_request(name, requests, sizeof(requests) / sizeof(*(requests)), sizeof(*(requests)))
const void *cli_request(const char *name, const void *requests, size_t count, size_t size);

/* Parses the options of a command whose only ones are -j (--json) and -r (--raw); optind is the
 * first operand afterwards. */
enum table_form cli_form(int argc, char **argv);

/* The same for one that has no operands, and -o (--output), whose value it stores in *columns; without
 * that *columns is unchanged. */
enum table_form cli_form_of_columns(int argc, char **argv, const char **columns);

/* Prints one line to stderr, "NAME: TEXT", control characters neutralised; die and die_usage exit
 * after that. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2))); /* exit 1 */
_Noreturn void die_usage(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* exit 2 */

/* Warns of each line, and frees lines, which are on the heap or NULL. */
void warn_lines(char *lines);

/* From now on what ends the command early removes the file at path first, a temporary one of
 * outfile.h: die and die_usage, and a signal by the user, a terminal that hangs up or a closed pipe.
 * NULL: none. */
void cli_remove_at_signal(const char *path);

/* The first SIGINT is passed over while input ("-": standard input) is a pipe: ^C goes to all of a
 * pipeline, and what the program in front still writes as it ends is to be read. The second one is
 * as without this. */
void cli_pass_interrupt(const char *input);

/* If a capture is to be written to "-", standard output: dies by wrong usage if that is a terminal, and
 * once its reader has gone (`| tshark -c 20`) the command ends and is done. */
void cli_stream_to(const char *output);

/* The status for main to return: status, or EXIT_FAILED, with a message, if standard output could
 * not be written. */
int cli_finish(int status);

/* Allocation for commands: never NULL, for free. */
void *xmalloc(size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
