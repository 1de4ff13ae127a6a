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

void
cli_start(const struct command *command)
{
	self = command;
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

static void
print_help(void)
{
	const char *line = self->synopsis;

	for (const char *lead = "usage:"; *line; lead = "      ") {
		size_t length = strcspn(line, "\n");

		printf("%s %s %.*s\n", lead, self->name, (int)length, line);
		line += length + (line[length] == '\n');
	}
	if (*self->options)
		printf("\n%s", self->options);
	printf("\nSee %s(1).\n", self->name);
}

_Noreturn void
cli_option(int opt, char **argv)
{
	const char *word = argv[optind - 1];

	if (opt == CLI_HELP) {
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
	dprintf(STDERR_FILENO, "%s: %s\n", self->name, text_escape(safe, sizeof(safe), raw));
}

enum table_form
cli_form(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {"raw", no_argument, NULL, 'r'}, CLI_OPTIONS};
	enum table_form form = TABLE_HUMAN;
	int opt;

	while ((opt = getopt_long(argc, argv, ":jr", options, NULL)) != -1) {
		switch (opt) {
		case 'j': form = TABLE_JSON; break;
		case 'r': form = TABLE_RAW; break;
		default: cli_option(opt, argv);
		}
	}
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
