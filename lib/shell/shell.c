#include "shell/shell.h"

#include "base/exitcode.h"
#include "base/parse.h"
#include "base/text.h"
#include "controller/spool.h"
#include "shell/run_command.h"
#include "shell/settings_table.h"
#include "shell/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
shell_release(struct shell *console)
{
	free(console->service);
	settings_release(&console->saved);
	settings_release(&console->draft);
	settings_release(&console->outer);
	*console = SHELL_INIT;
}

__attribute__((format(printf, 2, 3))) static void
remark(const struct shell *console, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	console->user->remark(console->user->context, text);
}

/* The outcome of a command that has to succeed. */
static int
outcome(int status)
{
	switch (status) {
	case EXIT_DONE:
	case EXIT_MISUSE:
	case EXIT_PARTIAL: return status;
	default: return EXIT_FAILED;
	}
}

static bool
is_good(int status)
{
	return status == EXIT_DONE || status == EXIT_PARTIAL;
}

/* The service has to be one, with a file that can be read. */
static int
check_service(const struct shell *console, const char *name, struct failure *why)
{
	struct config_file file;
	struct service service;
	int rc;

	if (!parse_is_name(name) || config_read_service(&file, name, console->variable, why) < 0) {
		if (!parse_is_name(name) || errno == ENOENT)
			failure_set(why, "no virtual service '%s'", name);
		return EXIT_MISUSE;
	}
	rc = service_parse(&service, name, file.text, file.path, why);
	config_file_release(&file);
	if (rc < 0)
		return EXIT_MISUSE;
	service_release(&service);
	return EXIT_DONE;
}

/* What is set for a service, and whether it is being captured. */
static int
load(const struct shell *console, const char *service, struct settings *settings,
     struct failure *why)
{
	char id[SPOOL_ENTRY_ID];

	if (store_load(settings, service, console->variable, why) < 0)
		return EXIT_FAILED;
	if (spool_find_running(id, service, console->variable, why) < 0) {
		settings_release(settings);
		return EXIT_FAILED;
	}
	settings->capture = id[0] != '\0';
	return EXIT_DONE;
}

static int
debug(struct shell *console, const char *service, struct failure *why)
{
	struct settings settings = SETTINGS_INIT;
	int rc = check_service(console, service, why);

	if (rc == EXIT_DONE)
		rc = load(console, service, &settings, why);
	if (rc != EXIT_DONE)
		return rc;
	console->service = strdup(service);
	if (!console->service || settings_copy(&console->draft, &settings, why) < 0) {
		settings_release(&settings);
		free(console->service);
		console->service = NULL;
		failure_nomem(why);
		return EXIT_FAILED;
	}
	console->saved = settings;
	console->wish = SHELL_NO_WISH;
	console->mode = GRAMMAR_SERVICE;
	fprintf(console->out, "Updating an existing object. Currently, the object is:\n");
	return settings_table_print(&console->saved, service, console->out, why) < 0 ? EXIT_FAILED
										     : EXIT_DONE;
}

static int
show(const struct shell *console, const char *service, struct failure *why)
{
	struct settings settings = SETTINGS_INIT;
	int rc = check_service(console, service, why);

	if (rc == EXIT_DONE)
		rc = load(console, service, &settings, why);
	if (rc == EXIT_DONE && settings_table_print(&settings, service, console->out, why) < 0)
		rc = EXIT_FAILED;
	settings_release(&settings);
	return rc;
}

/* Where to copy a file: heap; NULL if there is no answer. */
static char *
ask_directory(const struct shell *console)
{
	char *directory = console->user->answer(console->user->context,
						"Please specify the destination directory: ");
	size_t length = directory ? strlen(directory) : 0;

	/* Completion leaves a slash. */
	for (; length > 1 && directory[length - 1] == '/'; length--)
		directory[length - 1] = '\0';
	if (length > 0)
		return directory;
	free(directory);
	return NULL;
}

static void
print_path(const struct shell *console, const char *path)
{
	const size_t size = 4 * strlen(path) + 1;
	char *safe = malloc(size);

	if (safe)
		fprintf(console->out, "Downloaded the attachment to %s\n",
			text_escape(safe, size, path));
	free(safe);
}

/* Asks where to, waits if the file is still being made, and copies it there. */
static int
download(const struct shell *console, const struct spool_entry *entry, struct failure *why)
{
	char *directory = ask_directory(console), *path = NULL;
	int status = EXIT_DONE;

	if (!directory) {
		failure_set(why, "no directory, and so nothing is downloaded");
		return EXIT_MISUSE;
	}
	if (!spool_entry_is_over(entry)) {
		remark(console, "waiting for the file of capture '%s'", entry->id);
		status = run_command_wait(entry->id, why);
	}
	if (is_good(status))
		status = run_command_export(entry->id, directory, &path, why);
	if (path && is_good(status))
		print_path(console, path);
	free(path);
	free(directory);
	return outcome(status);
}

static int
show_capture(const struct shell *console, const char *service, struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc = check_service(console, service, why), found;

	if (rc != EXIT_DONE)
		return rc;
	found = spool_open_newest(&entry, service, console->variable, why);
	if (found == 0)
		failure_set(why, "there is no capture of '%s'", service);
	if (found <= 0)
		return EXIT_FAILED;
	if (spool_is_running(&entry)) {
		rc = outcome(run_command_status(entry.id, console->out, why));
	} else if (spool_entry_state(&entry) == CAPTURE_FAILED) {
		const char *message = keyval_get(&entry.facts, "message");

		failure_set(why, "capture '%s' has failed: %s", entry.id,
			    message ? message : "nobody knows why");
		rc = EXIT_FAILED;
	} else {
		rc = download(console, &entry, why);
	}
	spool_entry_close(&entry);
	return rc;
}

static void
leave(struct shell *console)
{
	const bool is_inner = console->mode == GRAMMAR_IP;

	settings_release(is_inner ? &console->outer : &console->saved);
	console->is_warned = false;
	console->mode = is_inner ? GRAMMAR_SERVICE : GRAMMAR_TOP;
	if (is_inner)
		return;
	settings_release(&console->draft);
	free(console->service);
	console->service = NULL;
}

bool
shell_is_unsaved(const struct shell *console)
{
	return (console->mode == GRAMMAR_IP && !settings_equal(&console->draft, &console->outer)) ||
	       (console->mode != GRAMMAR_TOP && !settings_equal(&console->draft, &console->saved));
}

/* Whether what this mode would lose is unsaved. */
static bool
is_unsaved_here(const struct shell *console)
{
	return console->mode != GRAMMAR_TOP &&
	       !settings_equal(&console->draft,
			       console->mode == GRAMMAR_IP ? &console->outer : &console->saved);
}

static int
leave_unsaved(struct shell *console, struct failure *why)
{
	if (console->mode == GRAMMAR_TOP) {
		console->is_over = true;
		return EXIT_DONE;
	}
	if (is_unsaved_here(console)) {
		if (console->user->is_person && !console->is_warned) {
			remark(console, "not saved: 'save' keeps what is set, another 'exit' "
					"forgets it");
			console->is_warned = true;
			return EXIT_DONE;
		}
		if (!console->user->is_person)
			remark(console, "what was set for '%s' is not saved", console->service);
	}
	if (console->mode == GRAMMAR_IP && settings_copy(&console->draft, &console->outer, why) < 0)
		return EXIT_FAILED;
	leave(console);
	return EXIT_DONE;
}

static void
warn_of_limits(const struct shell *console)
{
	const struct settings *draft = &console->draft;

	if (!draft->count && !draft->duration_ns)
		remark(console, "warning: neither num_pkts nor duration is set: the capture goes "
				"on until it is stopped, or the disks of the engines are down to "
				"their reserve");
	else if (!draft->duration_ns)
		remark(console,
		       "warning: duration is not set: a core that sees fewer than %" PRIu64
		       " packets captures until it is stopped",
		       draft->count);
}

static int
start(struct shell *console, struct failure *why)
{
	char *id;
	int status;

	warn_of_limits(console);
	status = run_command_start(&console->draft, console->service, &id, why);
	if (!is_good(status) || !id) {
		free(id);
		return is_good(status) ? EXIT_FAILED : outcome(status);
	}
	free(console->draft.id);
	console->draft.id = id;
	if (store_save(&console->draft, console->service, console->variable, why) < 0)
		return EXIT_FAILED;
	return status;
}

/* Starts or stops a capture if that was said; one of somebody else stays as it is otherwise. */
static int
start_or_stop(struct shell *console, bool is_changed, bool *has_started, struct failure *why)
{
	struct settings *draft = &console->draft;
	char id[SPOOL_ENTRY_ID];
	int status = EXIT_DONE;

	*has_started = false;
	if (spool_find_running(id, console->service, console->variable, why) < 0)
		return EXIT_FAILED;
	if (console->wish == SHELL_CAPTURE && !id[0]) {
		status = start(console, why);
		*has_started = is_good(status);
	} else if (console->wish == SHELL_NO_CAPTURE && id[0]) {
		status = outcome(run_command_stop(id, why));
	} else {
		draft->capture = id[0] != '\0';
		if (draft->capture && is_changed)
			remark(console,
			       "capture '%s' goes on as it has begun: what is set is for the next",
			       id);
	}
	return status;
}

static int
save(struct shell *console, struct failure *why)
{
	const bool is_changed = !settings_equal(&console->draft, &console->saved);
	const bool was_capturing = console->saved.capture;
	bool has_started;
	int status;

	if (console->mode == GRAMMAR_IP) {
		leave(console);
		return EXIT_DONE;
	}
	if (store_save(&console->draft, console->service, console->variable, why) < 0 ||
	    settings_copy(&console->saved, &console->draft, why) < 0)
		return EXIT_FAILED;
	/* Kept, whatever comes of the capture. */
	console->saved.capture = was_capturing;
	status = start_or_stop(console, is_changed, &has_started, why);
	if (!is_good(status))
		return status;
	if (settings_table_print(&console->draft, console->service, console->out, why) < 0)
		return EXIT_FAILED;
	if (has_started)
		fprintf(console->out,
			"Capture %s has begun: 'show debug virtualservice %s capture' tells how it "
			"goes\n",
			console->draft.id, console->service);
	leave(console);
	return status;
}

/* Into the addresses, where one may be added at once. */
static int
enter_addresses(struct shell *console, const struct sentence *sentence, struct failure *why)
{
	if (settings_copy(&console->outer, &console->draft, why) < 0)
		return EXIT_FAILED;
	if (sentence->value &&
	    settings_set(&console->draft, sentence->field, sentence->value, why) < 0) {
		settings_release(&console->outer);
		return EXIT_MISUSE;
	}
	console->mode = GRAMMAR_IP;
	return EXIT_DONE;
}

static int
where(const struct shell *console, struct failure *why)
{
	if (console->mode == GRAMMAR_TOP) {
		fprintf(console->out, "top\n");
		return EXIT_DONE;
	}
	fprintf(console->out, "%s of '%s'%s\n", grammar_mode_name(console->mode), console->service,
		shell_is_unsaved(console) ? ", not saved" : "");
	return settings_table_print(&console->draft, console->service, console->out, why) < 0
		   ? EXIT_FAILED
		   : EXIT_DONE;
}

static int
carry_out(struct shell *console, const struct sentence *sentence, struct failure *why)
{
	const char *value = sentence->value;

	switch (sentence->verb) {
	case GRAMMAR_NOTHING: break;
	case GRAMMAR_DEBUG: return debug(console, value, why);
	case GRAMMAR_SHOW: return show(console, value, why);
	case GRAMMAR_SHOW_CAPTURE: return show_capture(console, value, why);
	case GRAMMAR_SHOW_SERVICES: return outcome(run_command_services(console->out, why));
	case GRAMMAR_SET:
		if (sentence->field == SETTINGS_CAPTURE)
			console->wish = SHELL_CAPTURE;
		return settings_set(&console->draft, sentence->field, value, why) < 0 ? EXIT_MISUSE
										      : EXIT_DONE;
	case GRAMMAR_CLEAR:
		if (sentence->field == SETTINGS_CAPTURE)
			console->wish = SHELL_NO_CAPTURE;
		return settings_clear(&console->draft, sentence->field, value, why) < 0
			   ? EXIT_MISUSE
			   : EXIT_DONE;
	case GRAMMAR_ADDRESSES: return enter_addresses(console, sentence, why);
	case GRAMMAR_SAVE: return save(console, why);
	case GRAMMAR_WHERE: return where(console, why);
	case GRAMMAR_HELP: grammar_help(console->mode, console->out); break;
	case GRAMMAR_EXIT: return leave_unsaved(console, why);
	}
	return EXIT_DONE;
}

int
shell_obey(struct shell *console, const char *line, struct failure *why)
{
	struct strvec words = STRVEC_INIT;
	struct sentence sentence;
	int rc = EXIT_MISUSE;

	if (grammar_split(line, &words) < 0) {
		failure_nomem(why);
		rc = EXIT_FAILED;
	} else if (grammar_parse(console->mode, &words, &sentence, why) == 0) {
		if (sentence.verb != GRAMMAR_EXIT && sentence.verb != GRAMMAR_NOTHING)
			console->is_warned = false;
		rc = carry_out(console, &sentence, why);
	}
	strvec_release(&words);
	return rc;
}

char *
shell_prompt(const struct shell *console)
{
	char *text;

	return asprintf(&text, "%s> ",
			console->mode == GRAMMAR_TOP ? ": " : grammar_mode_name(console->mode)) < 0
		   ? NULL
		   : text;
}

/* Passes on what there is in the place of a value. */
struct filler {
	const struct shell *console;
	grammar_take *take;
	void *context;
};

static void
offer_all(const struct filler *filler, char *const *words)
{
	for (; words && *words; words++)
		filler->take(filler->context, &(struct grammar_choice){.word = *words, .help = ""});
}

static void
fill_in(void *context, const struct grammar_choice *choice)
{
	const struct filler *filler = context;
	const struct settings *draft = &filler->console->draft;
	char **names;

	filler->take(filler->context, choice);
	if (choice->value == GRAMMAR_A_SERVICE) {
		names = config_service_names(filler->console->variable, NULL);
		offer_all(filler, names);
		strvec_free(names);
	} else if (choice->value == GRAMMAR_AN_ADDRESS_SET) {
		offer_all(filler, draft->lists[choice->field - SETTINGS_ADDRS].list);
	}
}

void
shell_next(const struct shell *console, const char *text, grammar_take *take, void *context)
{
	struct filler filler = {console, take, context};
	struct strvec words = STRVEC_INIT;
	const size_t length = strlen(text);
	size_t count;

	if (grammar_split(text, &words) == 0) {
		count = words.count;
		/* The last word is not complete unless there is a blank behind it. */
		if (count > 0 && !strchr(" \t", text[length - 1]))
			count--;
		grammar_next(console->mode, words.list, count, fill_in, &filler);
	}
	strvec_release(&words);
}
