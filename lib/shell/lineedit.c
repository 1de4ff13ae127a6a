/*
 * libedit calls the functions bound to keys with the EditLine only, whose client data is the struct
 * lineedit. They print below the line and have it redrawn.
 *
 * While a line is edited the terminal sends no signals, so ^C and ^Z are ordinary keys; between
 * lines they are signals for the command that runs. Each line is appended to the history file at
 * once, so that two shells do not overwrite each other's; a file that has grown too long is cut
 * when it is read.
 */
#include "shell/lineedit.h"

#include "base/outfile.h"
#include "base/strvec.h"

#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HISTORY_LINES = 1000 };

struct lineedit {
	FILE *script; /* NULL: a terminal */
	unsigned number;
	EditLine *editor;
	History *history;
	char *history_file;
	lineedit_completer *complete;
	void *source;
	const char *prompt;
	bool is_question; /* whose answer is a path */
	bool is_dropped;
};

static struct lineedit *
lineedit_of(EditLine *editor)
{
	struct lineedit *edit = NULL;

	el_get(editor, EL_CLIENTDATA, &edit);
	return edit;
}

static char *
show_prompt(EditLine *editor)
{
	return (char *)lineedit_of(editor)->prompt;
}

/* What may come at the cursor. */
struct completion {
	char *text;         /* the line up to the cursor */
	const char *prefix; /* its last word, perhaps empty */
	struct strvec words, helps;
};

static void
add_choice(void *context, const struct grammar_choice *choice)
{
	struct completion *completion = context;
	const bool is_value = choice->word[0] == '<';

	/* A value may begin with any characters. */
	if (is_value ? *completion->prefix && choice->value == GRAMMAR_NO_VALUE
		     : strncmp(choice->word, completion->prefix, strlen(completion->prefix)) != 0)
		return;
	strvec_push(&completion->words, choice->word);
	strvec_push(&completion->helps, choice->help);
}

static bool
completion_init(struct completion *completion, struct lineedit *edit)
{
	const LineInfo *line = el_line(edit->editor);
	const char *blank;

	*completion = (struct completion){
	    .text = strndup(line->buffer, (size_t)(line->cursor - line->buffer))};
	if (!completion->text)
		return false;
	blank = strrchr(completion->text, ' ');
	completion->prefix = blank ? blank + 1 : completion->text;
	edit->complete(edit->source, completion->text, add_choice, completion);
	return !completion->words.failed && !completion->helps.failed;
}

static void
completion_release(struct completion *completion)
{
	free(completion->text);
	strvec_release(&completion->words);
	strvec_release(&completion->helps);
}

static void
print_completion(const struct completion *completion)
{
	size_t width = 0;

	for (size_t i = 0; i < completion->words.count; i++)
		if (strlen(completion->words.list[i]) > width)
			width = strlen(completion->words.list[i]);
	fputc('\n', stdout);
	if (completion->words.count == 0)
		fputs("  no known word is possible here\n", stdout);
	for (size_t i = 0; i < completion->words.count; i++) {
		if (*completion->helps.list[i])
			fprintf(stdout, "  %-*s  %s\n", (int)width, completion->words.list[i],
				completion->helps.list[i]);
		else
			fprintf(stdout, "  %s\n", completion->words.list[i]);
	}
	fflush(stdout);
}

static unsigned char
press_help(EditLine *editor, int key)
{
	struct lineedit *edit = lineedit_of(editor);
	struct completion completion;

	if (edit->is_question) {
		el_insertstr(editor, (char[]){(char)key, '\0'});
		return CC_REFRESH;
	}
	if (completion_init(&completion, edit))
		print_completion(&completion);
	completion_release(&completion);
	return CC_REDISPLAY;
}

/* The length of the common prefix of all words but values; *first is the first of these *count. */
static size_t
common_prefix(const struct completion *completion, const char **first, size_t *count)
{
	size_t length = 0;

	*first = NULL;
	*count = 0;
	for (size_t i = 0; i < completion->words.count; i++) {
		const char *word = completion->words.list[i];
		size_t same = 0;

		if (word[0] == '<')
			continue;
		if (++*count == 1) {
			*first = word;
			length = strlen(word);
		}
		while (same < length && word[same] == (*first)[same])
			same++;
		length = same;
	}
	return length;
}

static unsigned char
insert_completion(struct lineedit *edit, const struct completion *completion)
{
	const char *first;
	size_t count, length_before = strlen(completion->prefix);
	size_t length = common_prefix(completion, &first, &count);
	char *more;

	if (count == 0 || (count > 1 && length <= length_before)) {
		print_completion(completion);
		return CC_REDISPLAY;
	}
	if (asprintf(&more, "%.*s%s", (int)(length - length_before), first + length_before,
		     count == 1 ? " " : "") < 0)
		return CC_ERROR;
	el_insertstr(edit->editor, more);
	free(more);
	return CC_REFRESH;
}

static unsigned char
press_tab(EditLine *editor, int key)
{
	struct lineedit *edit = lineedit_of(editor);
	unsigned char action = CC_ERROR;
	struct completion completion;

	if (edit->is_question)
		return _el_fn_complete(editor, key);
	if (completion_init(&completion, edit))
		action = insert_completion(edit, &completion);
	completion_release(&completion);
	return action;
}

static unsigned char
press_interrupt(EditLine *editor, int key)
{
	(void)key;
	fputs("^C\n", stdout);
	fflush(stdout);
	lineedit_of(editor)->is_dropped = true;
	return CC_EOF;
}

static unsigned char
press_suspend(EditLine *editor, int key)
{
	(void)editor;
	(void)key;
	/* libedit restores the terminal's settings, and sets its own again. */
	raise(SIGTSTP);
	return CC_REDISPLAY;
}

/* Reads the history file; if it has too many lines, it is cut to the newest. */
static void
read_history(struct lineedit *edit, FILE *in)
{
	struct strvec all = STRVEC_INIT, kept = STRVEC_INIT;
	struct failure why;
	HistEvent event;
	char *line = NULL, *text;
	size_t room = 0;

	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		strvec_push(&all, line);
	}
	free(line);
	for (size_t i = all.count > HISTORY_LINES ? all.count - HISTORY_LINES : 0; i < all.count;
	     i++) {
		history(edit->history, &event, H_ENTER, all.list[i]);
		strvec_push(&kept, all.list[i]);
	}
	if (all.count > 2 * HISTORY_LINES) {
		strvec_push(&kept, "");
		text = strvec_join(&kept, "\n");
		if (text)
			outfile_replace(AT_FDCWD, edit->history_file, text, strlen(text), &why);
		free(text);
	}
	strvec_release(&all);
	strvec_release(&kept);
}

static void
load_history(struct lineedit *edit)
{
	HistEvent event;
	FILE *in;

	edit->history = history_init();
	if (!edit->history)
		return;
	history(edit->history, &event, H_SETSIZE, HISTORY_LINES);
	history(edit->history, &event, H_SETUNIQUE, 1);
	in = edit->history_file ? fopen(edit->history_file, "re") : NULL;
	if (!in)
		return;
	read_history(edit, in);
	fclose(in);
}

static void
remember(struct lineedit *edit, const char *line)
{
	HistEvent event;
	int file;

	if (!edit->history || !line[strspn(line, " \t")])
		return;
	history(edit->history, &event, H_ENTER, line);
	file = edit->history_file
		   ? open(edit->history_file,
			  O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)
		   : -1;
	if (file < 0)
		return;
	dprintf(file, "%s\n", line);
	close(file);
}

/* Binds a key in emacs mode and both modes of vi. */
static void
bind_key(EditLine *editor, const char *key, const char *function)
{
	el_set(editor, EL_BIND, key, function, NULL);
	el_set(editor, EL_BIND, "-a", key, function, NULL);
}

struct lineedit *
lineedit_open_script(FILE *in)
{
	struct lineedit *edit = calloc(1, sizeof(*edit));

	if (edit)
		edit->script = in;
	return edit;
}

static void
bind_keys(EditLine *editor)
{
	el_set(editor, EL_ADDFN, "vcap-complete", "complete a word", press_tab);
	el_set(editor, EL_ADDFN, "vcap-help", "show what may come next", press_help);
	el_set(editor, EL_ADDFN, "vcap-drop", "drop the line", press_interrupt);
	el_set(editor, EL_ADDFN, "vcap-suspend", "stop for now", press_suspend);
	el_source(editor, NULL);
	bind_key(editor, "^I", "vcap-complete");
	bind_key(editor, "?", "vcap-help");
	bind_key(editor, "^C", "vcap-drop");
	bind_key(editor, "^Z", "vcap-suspend");
	el_set(editor, EL_SETTY, "-d", "-isig", NULL);
}

struct lineedit *
lineedit_open_terminal(const char *history_file, lineedit_completer *complete, void *source)
{
	struct lineedit *edit = calloc(1, sizeof(*edit));

	if (!edit)
		return NULL;
	edit->complete = complete;
	edit->source = source;
	edit->history_file = history_file ? strdup(history_file) : NULL;
	edit->editor = el_init("vcap-shell", stdin, stdout, stderr);
	if (!edit->editor) {
		lineedit_close(edit);
		return NULL;
	}
	load_history(edit);
	el_set(edit->editor, EL_CLIENTDATA, edit);
	el_set(edit->editor, EL_PROMPT, show_prompt);
	el_set(edit->editor, EL_EDITOR, "emacs");
	el_set(edit->editor, EL_SIGNAL, 1);
	if (edit->history)
		el_set(edit->editor, EL_HIST, history, edit->history);
	bind_keys(edit->editor);
	return edit;
}

void
lineedit_close(struct lineedit *edit)
{
	if (!edit)
		return;
	if (edit->history)
		history_end(edit->history);
	if (edit->editor)
		el_end(edit->editor);
	free(edit->history_file);
	free(edit);
}

bool
lineedit_is_terminal(const struct lineedit *edit)
{
	return !edit->script;
}

unsigned
lineedit_number(const struct lineedit *edit)
{
	return edit->number;
}

static enum lineedit_outcome
read_script(struct lineedit *edit, char **line, struct failure *why)
{
	enum lineedit_outcome outcome = LINEEDIT_LINE;
	size_t room = 0;
	ssize_t length;

	*line = NULL;
	length = getline(line, &room, edit->script);
	edit->number += length >= 0 || ferror(edit->script);
	if (length < 0 && !ferror(edit->script)) {
		outcome = LINEEDIT_END;
	} else if (length < 0) {
		failure_errno(why, "cannot read the next line");
		outcome = LINEEDIT_FAILED;
	} else if (strlen(*line) != (size_t)length) {
		failure_set(why, "has a NUL byte");
		outcome = LINEEDIT_MALFORMED;
	} else {
		(*line)[strcspn(*line, "\r\n")] = '\0';
		return LINEEDIT_LINE;
	}
	free(*line);
	*line = NULL;
	return outcome;
}

/* Reads a line from the terminal, on the heap. NULL: it was dropped, or the end. */
static char *
read_terminal(struct lineedit *edit, const char *prompt)
{
	const char *text;
	int length = 0;

	edit->prompt = prompt;
	edit->is_dropped = false;
	text = el_gets(edit->editor, &length);
	if (edit->is_dropped)
		return NULL;
	if (text && length > 0)
		return strndup(text, strcspn(text, "\r\n"));
	fputc('\n', stdout);
	return NULL;
}

enum lineedit_outcome
lineedit_read(struct lineedit *edit, const char *prompt, char **line, struct failure *why)
{
	if (edit->script)
		return read_script(edit, line, why);
	edit->is_question = false;
	*line = read_terminal(edit, prompt);
	if (*line)
		remember(edit, *line);
	else
		*line = strdup(edit->is_dropped ? "" : "exit");
	if (*line)
		return LINEEDIT_LINE;
	failure_nomem(why);
	return LINEEDIT_FAILED;
}

enum lineedit_outcome
lineedit_ask(struct lineedit *edit, const char *question, char **line, struct failure *why)
{
	if (edit->script)
		return read_script(edit, line, why);
	edit->is_question = true;
	*line = read_terminal(edit, question);
	return *line ? LINEEDIT_LINE : LINEEDIT_END;
}
