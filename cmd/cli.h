/*
 * What every command has in common: its name in messages, exit codes, --help and --version, and a
 * checked end. Commands die; the library never does.
 */
#ifndef VCAP_CLI_H
#define VCAP_CLI_H

#include "base/exitcode.h"
#include "base/failure.h"
#include "base/table.h"

#include <getopt.h>
#include <stddef.h>

struct command {
	const char *name;     /* "vcap-filter" */
	const char *synopsis; /* the arguments, as the manual's SYNOPSIS has them, without the name;
				 several forms are lines of their own */
	const char *options;  /* one line an option, for --help */
};

/* Values of the long options every command has. Place CLI_OPTIONS last in the option table and give
 * what getopt_long returns to cli_option from the default case of the switch. */
enum { CLI_HELP = 0x1000, CLI_VERSION };
/* clang-format off */
#define CLI_OPTIONS \
	{"help", no_argument, NULL, CLI_HELP}, \
	{"version", no_argument, NULL, CLI_VERSION}, \
	{NULL, 0, NULL, 0}
/* clang-format on */

/* Call first: sets the name for messages, umask 077, and makes sure that descriptors 0-2 exist. */
void cli_start(const struct command *command);

/* Puts the directory of this program first on PATH, so that the vcap commands it runs are those
 * installed beside it. Call before the first of them, and before any thread starts. */
void cli_siblings_first(void);

/* Acts on --help and --version (prints to stdout, exits 0); anything else is wrong usage. Start
 * the short option string with ':', so that a missing argument is reported as such. */
_Noreturn void cli_option(int opt, char **argv);

/* For a command whose first operand is a request, one of an array of structures that begin with its
 * name: the structure for name. Wrong usage if there is none, or name is NULL. */
#define CLI_REQUEST(requests, name) \
	cli_request(name, requests, sizeof(requests) / sizeof(*(requests)), sizeof(*(requests)))
const void *cli_request(const char *name, const void *requests, size_t count, size_t size);

/* All options of a command that prints a table and has no others: -j (--json), -r (--raw). */
enum table_form cli_form(int argc, char **argv);

/* One line on stderr, "NAME: TEXT", control characters neutralised. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2))); /* exit 1 */
_Noreturn void die_usage(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* exit 2 */

/* From now on a signal that ends the command (interrupt, hangup, termination, broken pipe) removes
 * the file at path first: a temporary one of fdio.h. The string stays the caller's; NULL ends it.
 */
void cli_remove_at_signal(const char *path);

/* The status to return from main: status, or EXIT_FAILED (and a message) if standard output could
 * not be written. */
int cli_finish(int status);

/* Allocation for commands: never NULL. */
void *xmalloc(size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
