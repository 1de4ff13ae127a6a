#include "cli.h"

#include "base/audit.h"
#include "base/process.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct command *self;
static const char *called; /* in messages */

#ifdef __SANITIZE_ADDRESS__
/* Commands do not free their memory before they exit; in unit tests leaks are errors. Set here
 * rather than in the environment, which ssh does not pass to engines. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

/* A file opened later must not become stdin, stdout or stderr. Closed ones are opened in the wrong
 * direction, so that reading a closed stdin, or writing a closed stdout, still fails. */
static void
fill_standard_files(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", modes[fd]);
}

/* What VCAP_AS says, which is for this command and not for those that it runs. */
static const char *
asked_name(void)
{
	static char name[32];
	const char *as = getenv("VCAP_AS");

	if (as && strncmp(as, "vcap", 4) == 0 && strlen(as) < sizeof(name) &&
	    !as[strspn(as, "abcdefghijklmnopqrstuvwxyz- ")])
		strcpy(name, as);
	unsetenv("VCAP_AS");
	return *name ? name : NULL;
}

bool
cli_is_asked_by(const char *name)
{
	const char *as = getenv("VCAP_AS");

	return as && strncmp(as, name, 4) == 0 && as[4] && strcmp(as + 5, name + 5) == 0;
}

bool
cli_is_lent(void)
{
	return strcmp(called + 5, self->name + 5) != 0;
}

void
cli_lend_name(void)
{
	if (setenv("VCAP_AS", called, 1) < 0)
		die("out of memory");
}

void
cli_take_name_back(void)
{
	unsetenv("VCAP_AS");
}

void
cli_start(const struct command *command)
{
	const char *as = asked_name();

	self = command;
	called = as ? as : command->name;
	audit_name(command->name);
	umask(077);
	fill_standard_files();
}

void
cli_siblings_first(void)
{
	const char *path = getenv("PATH");
	char own[PROCESS_PATH_MAX], *value, *slash;

	/* PATH has to do if the program's own path is not known. */
	if (process_own_path(own) < 0 || (slash = strrchr(own, '/')) == own)
		return;
	*slash = '\0';
	value = xasprintf("%s:%s", own, path ? path : "/usr/bin:/bin");
	if (setenv("PATH", value, 1) < 0)
		die("out of memory");
	free(value);
}

bool
cli_is_for_another(void)
{
	const char *uid = getenv("SUDO_UID"), *user = getenv("SUDO_USER"),
		   *ran = getenv("SUDO_COMMAND");
	/* Real and effective ids differ where the file has the setuid bit. */
	const bool is_setuid = getuid() != geteuid();
	char *kept[2];

	/* sudo sets both, whatever the user sets; inherited by a command of another one, the second
	 * names that. */
	if (!is_setuid && (!uid || strcmp(uid, "0") == 0 || (ran && !strstr(ran, self->name))))
		return false;
	kept[0] = uid ? xasprintf("%s", uid) : NULL;
	kept[1] = uid && user ? xasprintf("%s", user) : NULL;
	if (clearenv() != 0 || setenv("PATH", CLI_SAFE_PATH, 1) < 0 ||
	    (kept[0] && setenv("SUDO_UID", kept[0], 1) < 0) ||
	    (kept[1] && setenv("SUDO_USER", kept[1], 1) < 0))
		die("out of memory");
	free(kept[0]);
	free(kept[1]);
	return true;
}

/* The length of the word at the beginning of text, where what stands in brackets is one word. */
static size_t
word_length(const char *text)
{
	size_t length = 0;

	for (int depth = 0; text[length] && text[length] != '\n'; length++) {
		if (text[length] == ' ' && depth == 0)
			break;
		depth += (text[length] == '[') - (text[length] == ']');
	}
	return length;
}

/* Prints a form of the synopsis, in lines of at most 80 columns, and returns what follows it. */
static const char *
print_form(const char *lead, const char *form)
{
	const int margin = printf("%s %s", lead, self->name) + 1;
	int column = margin - 1;

	while (*form && *form != '\n') {
		const int length = (int)word_length(form);

		if (column + 1 + length > 80 && column >= margin)
			column = printf("\n%*s%.*s", margin, "", length, form) - 1;
		else
			column += printf(" %.*s", length, form);
		form += length + (form[length] == ' ');
	}
	putchar('\n');
	return form + (*form == '\n');
}

/* The column in which the options are described. */
static int
description_column(const char *options)
{
	int most = 17;

	for (const char *line = options; *line; line += strcspn(line, "\n") + 1) {
		const char *name = line + strspn(line, " ");
		int column = (int)(name - line) + (int)strcspn(name, "\n");

		for (int i = (int)(name - line) + 1; i < column; i++)
			if (line[i - 1] == ' ' && line[i] == ' ')
				column = i + (int)strspn(line + i, " ");
		if (*name == '-' && line[column] != '\n' && column > most)
			most = column;
	}
	return most;
}

/* Prints text in lines of at most 80 columns; those behind the first are indented. */
static void
print_wrapped(const char *text)
{
	int column = 0;

	for (size_t length; *text; text += length) {
		length = text[0] == '\n' ? 1 : strcspn(text + 1, " \n") + 1;
		if (*text == ' ' && column + length > 80)
			column = printf("\n        ") - 1;
		column = *text == '\n' ? 0 : column + (int)length;
		printf("%.*s", (int)length, text);
	}
}

/* The options, with those that every command has; what is said behind them comes last. */
static void
print_options(void)
{
	const int column = description_column(self->options);
	const char *rest = self->options;

	for (const char *s = rest; (s = strstr(s, "\n\n")); s += 2)
		if (s[2] != ' ')
			rest = s + 1;
	if (rest == self->options)
		rest += strlen(rest);
	printf("\n%.*s%-*sshow this help\n%-*sshow the version\n", (int)(rest - self->options),
	       self->options, column, "  -h, --help", column, "      --version");
	print_wrapped(rest);
}

static void
print_help(void)
{
	const char *form = self->synopsis, *example = self->examples;

	printf("%s\n\n", self->says);
	for (const char *lead = "usage:"; *form; lead = "      ")
		form = print_form(lead, form);
	print_options();
	printf(strchr(example, '\n') == strrchr(example, '\n') ? "\nExample:\n" : "\nExamples:\n");
	for (; *example; example += strcspn(example, "\n") + 1)
		printf("  %.*s\n", (int)strcspn(example, "\n"), example);
	printf("\nSee %s(1).\n", self->name);
}

_Noreturn void
cli_option(int opt, char **argv)
{
	const char *word = argv[optind - 1];

	/* No command has an option -h of its own. */
	if (opt == CLI_HELP || (opt == '?' && optopt == 'h')) {
		print_help();
		exit(cli_finish(EXIT_DONE));
	}
	if (opt == CLI_VERSION) {
		printf("%s %s\n", self->name, VCAP_VERSION);
		exit(cli_finish(EXIT_DONE));
	}
	/* optopt is a short option's letter; a long option is named by its word. */
	if (opt == ':')
		die_usage("option '%s' needs a value (try --help)", word);
	if (optopt && optopt < 0x100 && strncmp(word, "--", 2) != 0)
		die_usage("unknown option '-%c' (try --help)", optopt);
	die_usage("unknown option '%s' (try --help)", word);
}

static void
report(const char *format, va_list args)
{
	char *whole, raw[1024], safe[4096];

	if (vasprintf(&whole, format, args) < 0)
		whole = NULL;
	text_abridge(raw, sizeof(raw), whole ? whole : "out of memory");
	free(whole);
	/* One write, so that lines of commands that share stderr do not mix. */
	dprintf(STDERR_FILENO, "%s: %s\n", called, text_escape(safe, sizeof(safe), raw));
}

static enum table_form
parse_form(int argc, char **argv, const char *letters, const struct option *options,
	   const char **columns)
{
	enum table_form form = TABLE_HUMAN;
	int opt;

	while ((opt = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		switch (opt) {
		case 'j': form = TABLE_JSON; break;
		case 'o': *columns = optarg; break;
		case 'r': form = TABLE_RAW; break;
		default: cli_option(opt, argv);
		}
	}
	return form;
}

enum table_form
cli_form(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {"raw", no_argument, NULL, 'r'}, CLI_OPTIONS};

	return parse_form(argc, argv, ":jr", options, NULL);
}

enum table_form
cli_form_of_columns(int argc, char **argv, const char **columns)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"output", required_argument, NULL, 'o'},
						{"raw", no_argument, NULL, 'r'},
						CLI_OPTIONS};
	const enum table_form form = parse_form(argc, argv, ":jo:r", options, columns);

	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	return form;
}

const void *
cli_request(const char *name, const void *requests, size_t count, size_t size)
{
	if (!name)
		die_usage("needs a request (try --help)");
	for (const char *request = requests; count > 0; request += size, count--)
		if (strcmp(*(const char *const *)(const void *)request, name) == 0)
			return request;
	die_usage("unknown request '%s' (try --help)", name);
}

void
warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(format, args);
	va_end(args);
}

void
warn_lines(char *lines)
{
	char *rest = lines;

	for (char *line; rest && (line = strtok_r(rest, "\n", &rest));)
		warn("%s", line);
	free(lines);
}

static char *volatile doomed;

static void
remove_doomed(void)
{
	const char *path = doomed;

	if (path)
		unlink(path);
}

_Noreturn void
die(const char *format, ...)
{
	va_list args;

	remove_doomed();
	va_start(args, format);
	report(format, args);
	va_end(args);
	exit(EXIT_FAILED);
}

_Noreturn void
die_usage(const char *format, ...)
{
	va_list args;

	remove_doomed();
	va_start(args, format);
	report(format, args);
	va_end(args);
	exit(EXIT_MISUSE);
}

static void
remove_and_die(int number)
{
	remove_doomed();
	/* SA_RESETHAND: now the signal ends the process, as its parent will see. */
	raise(number);
}

void
cli_remove_at_signal(const char *path)
{
	static const int numbers[] = {SIGINT, SIGHUP, SIGTERM, SIGPIPE, SIGQUIT};
	struct sigaction action = {.sa_handler = remove_and_die, .sa_flags = (int)SA_RESETHAND};
	struct sigaction old;
	/* A copy, which is never freed: a signal may come after the file has got its name. */
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy) {
		unlink(path);
		die("out of memory");
	}
	doomed = copy;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		/* What the caller ignores (nohup) stays ignored. */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
}

static void
pass_over(int number)
{
	struct sigaction action = {.sa_handler = remove_and_die, .sa_flags = (int)SA_RESETHAND};

	sigaction(number, &action, NULL);
}

void
cli_pass_interrupt(const char *input)
{
	struct sigaction action = {.sa_handler = pass_over, .sa_flags = SA_RESTART};
	struct sigaction old;
	struct stat info;

	if (strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &info) : stat(input, &info))
		return;
	if ((S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)) &&
	    sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &action, NULL);
}

static void
end_as_done(int number)
{
	(void)number;
	_exit(EXIT_DONE);
}

void
cli_stream_to(const char *output)
{
	if (strcmp(output, "-") != 0)
		return;
	if (isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w or a pipe");
	signal(SIGPIPE, end_as_done);
}

int
cli_finish(int status)
{
	int failed = ferror(stdout);

	if (fclose(stdout) != 0 || failed) {
		if (errno != EPIPE)
			warn("cannot write to standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}

void *
xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

void *
xrealloc(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		die("out of memory");
	return memory;
}

char *
xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die("out of memory");
	return copy;
}

char *
xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("out of memory");
	va_end(args);
	return text;
}
