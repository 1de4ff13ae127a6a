/*
 * libedit calls the functions bound to keys with the EditLine alone, whose client data leads back
 * to the prompt. They print below the line and have it drawn again.
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

enum { LINES_KEPT = 1000 };

struct lineedit {
	EditLine *editor;
	History *lines;
	char *file; /* of the history */
	lineedit_next *next;
	void *source;
	const char *label;
	bool is_question; /* which is answered by a path */
	bool is_dropped;
};

static struct lineedit *
lineedit_of(EditLine *editor)
{
	struct lineedit *prompt = NULL;

	el_get(editor, EL_CLIENTDATA, &prompt);
	return prompt;
}

static char *
show_label(EditLine *editor)
{
	return (char *)lineedit_of(editor)->label;
}

/* What may stand where the cursor is. */
struct offer {
	char *text;        /* the line up to the cursor */
	const char *begun; /* its last word, perhaps empty */
	struct strvec words, helps;
};

static void
collect(void *context, const struct grammar_choice *choice)
{
	struct offer *offer = context;
	const bool is_value = choice->word[0] == '<';

	/* Of values and the end of the line nobody knows how they begin. */
	if (is_value ? *offer->begun && choice->value == GRAMMAR_NO_VALUE
		     : strncmp(choice->word, offer->begun, strlen(offer->begun)) != 0)
		return;
	strvec_push(&offer->words, choice->word);
	strvec_push(&offer->helps, choice->help);
}

static bool
offer_open(struct offer *offer, struct lineedit *prompt)
{
	const LineInfo *line = el_line(prompt->editor);
	const char *blank;

	*offer =
	    (struct offer){.text = strndup(line->buffer, (size_t)(line->cursor - line->buffer))};
	if (!offer->text)
		return false;
	blank = strrchr(offer->text, ' ');
	offer->begun = blank ? blank + 1 : offer->text;
	prompt->next(prompt->source, offer->text, collect, offer);
	return !offer->words.failed && !offer->helps.failed;
}

static void
offer_close(struct offer *offer)
{
	free(offer->text);
	strvec_release(&offer->words);
	strvec_release(&offer->helps);
}

static void
print_offer(const struct offer *offer)
{
	size_t width = 0;

	for (size_t i = 0; i < offer->words.count; i++)
		if (strlen(offer->words.list[i]) > width)
			width = strlen(offer->words.list[i]);
	fputc('\n', stdout);
	if (offer->words.count == 0)
		fputs("  nothing that is known can come here\n", stdout);
	for (size_t i = 0; i < offer->words.count; i++) {
		if (*offer->helps.list[i])
			fprintf(stdout, "  %-*s  %s\n", (int)width, offer->words.list[i],
				offer->helps.list[i]);
		else
			fprintf(stdout, "  %s\n", offer->words.list[i]);
	}
	fflush(stdout);
}

static unsigned char
press_help(EditLine *editor, int key)
{
	struct lineedit *prompt = lineedit_of(editor);
	struct offer offer;

	if (prompt->is_question) {
		el_insertstr(editor, (char[]){(char)key, '\0'});
		return CC_REFRESH;
	}
	if (offer_open(&offer, prompt))
		print_offer(&offer);
	offer_close(&offer);
	return CC_REDISPLAY;
}

/* How many characters all words that can be completed begin with, and the first of those words. */
static size_t
common_beginning(const struct offer *offer, const char **first, size_t *count)
{
	size_t length = 0;

	*first = NULL;
	*count = 0;
	for (size_t i = 0; i < offer->words.count; i++) {
		const char *word = offer->words.list[i];
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
complete(struct lineedit *prompt, const struct offer *offer)
{
	const char *first;
	size_t count, begun = strlen(offer->begun);
	size_t length = common_beginning(offer, &first, &count);
	char *more;

	if (count == 0 || (count > 1 && length <= begun)) {
		print_offer(offer);
		return CC_REDISPLAY;
	}
	if (asprintf(&more, "%.*s%s", (int)(length - begun), first + begun, count == 1 ? " " : "") <
	    0)
		return CC_ERROR;
	el_insertstr(prompt->editor, more);
	free(more);
	return CC_REFRESH;
}

static unsigned char
press_tab(EditLine *editor, int key)
{
	struct lineedit *prompt = lineedit_of(editor);
	unsigned char action = CC_ERROR;
	struct offer offer;

	if (prompt->is_question)
		return _el_fn_complete(editor, key);
	if (offer_open(&offer, prompt))
		action = complete(prompt, &offer);
	offer_close(&offer);
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
	/* libedit gives the terminal back, and takes it again. */
	raise(SIGTSTP);
	return CC_REDISPLAY;
}

/* Takes the lines of the file; if there are many, only the newest stay in it. */
static void
load_lines(struct lineedit *prompt, FILE *in)
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
	for (size_t i = all.count > LINES_KEPT ? all.count - LINES_KEPT : 0; i < all.count; i++) {
		history(prompt->lines, &event, H_ENTER, all.list[i]);
		strvec_push(&kept, all.list[i]);
	}
	if (all.count > 2 * LINES_KEPT) {
		strvec_push(&kept, "");
		text = strvec_join(&kept, "\n");
		if (text)
			outfile_replace(AT_FDCWD, prompt->file, text, strlen(text), &why);
		free(text);
	}
	strvec_release(&all);
	strvec_release(&kept);
}

static void
load_history(struct lineedit *prompt)
{
	HistEvent event;
	FILE *in;

	prompt->lines = history_init();
	if (!prompt->lines)
		return;
	history(prompt->lines, &event, H_SETSIZE, LINES_KEPT);
	history(prompt->lines, &event, H_SETUNIQUE, 1);
	in = prompt->file ? fopen(prompt->file, "re") : NULL;
	if (!in)
		return;
	load_lines(prompt, in);
	fclose(in);
}

/* Appended, so that two shells lose nothing of each other. */
static void
remember(struct lineedit *prompt, const char *line)
{
	HistEvent event;
	int file;

	if (!prompt->lines || !line[strspn(line, " \t")])
		return;
	history(prompt->lines, &event, H_ENTER, line);
	file = prompt->file ? open(prompt->file,
				   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)
			    : -1;
	if (file < 0)
		return;
	dprintf(file, "%s\n", line);
	close(file);
}

/* For both of vi's maps as well as for that of emacs. */
static void
bind_key(EditLine *editor, const char *key, const char *function)
{
	el_set(editor, EL_BIND, key, function, NULL);
	el_set(editor, EL_BIND, "-a", key, function, NULL);
}

struct lineedit *
lineedit_new(const char *history_file, lineedit_next *next, void *source)
{
	struct lineedit *prompt = calloc(1, sizeof(*prompt));

	if (!prompt)
		return NULL;
	prompt->next = next;
	prompt->source = source;
	prompt->file = history_file ? strdup(history_file) : NULL;
	prompt->editor = el_init("vcap-shell", stdin, stdout, stderr);
	if (!prompt->editor) {
		lineedit_free(prompt);
		return NULL;
	}
	load_history(prompt);
	el_set(prompt->editor, EL_CLIENTDATA, prompt);
	el_set(prompt->editor, EL_PROMPT, show_label);
	el_set(prompt->editor, EL_EDITOR, "emacs");
	el_set(prompt->editor, EL_SIGNAL, 1);
	if (prompt->lines)
		el_set(prompt->editor, EL_HIST, history, prompt->lines);
	el_set(prompt->editor, EL_ADDFN, "vcap-complete", "complete a word", press_tab);
	el_set(prompt->editor, EL_ADDFN, "vcap-help", "show what may come next", press_help);
	el_set(prompt->editor, EL_ADDFN, "vcap-drop", "drop the line", press_interrupt);
	el_set(prompt->editor, EL_ADDFN, "vcap-suspend", "stop for now", press_suspend);
	el_source(prompt->editor, NULL);
	bind_key(prompt->editor, "^I", "vcap-complete");
	bind_key(prompt->editor, "?", "vcap-help");
	bind_key(prompt->editor, "^C", "vcap-drop");
	bind_key(prompt->editor, "^Z", "vcap-suspend");
	/* While a line is edited, these are keys. */
	el_set(prompt->editor, EL_SETTY, "-d", "-isig", NULL);
	return prompt;
}

void
lineedit_free(struct lineedit *prompt)
{
	if (!prompt)
		return;
	if (prompt->lines)
		history_end(prompt->lines);
	if (prompt->editor)
		el_end(prompt->editor);
	free(prompt->file);
	free(prompt);
}

static enum lineedit_outcome
read_line(struct lineedit *prompt, const char *label, char **line)
{
	const char *text;
	int length = 0;

	*line = NULL;
	prompt->label = label;
	prompt->is_dropped = false;
	text = el_gets(prompt->editor, &length);
	if (prompt->is_dropped)
		return LINEEDIT_DROPPED;
	if (!text || length <= 0) {
		fputc('\n', stdout);
		return LINEEDIT_END;
	}
	*line = strndup(text, strcspn(text, "\r\n"));
	return *line ? LINEEDIT_LINE : LINEEDIT_END;
}

enum lineedit_outcome
lineedit_read(struct lineedit *prompt, const char *label, char **line)
{
	enum lineedit_outcome outcome;

	prompt->is_question = false;
	outcome = read_line(prompt, label, line);
	if (outcome == LINEEDIT_LINE)
		remember(prompt, *line);
	return outcome;
}

enum lineedit_outcome
lineedit_ask(struct lineedit *prompt, const char *label, char **line)
{
	prompt->is_question = true;
	return read_line(prompt, label, line);
}
