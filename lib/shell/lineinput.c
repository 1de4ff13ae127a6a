#include "shell/lineinput.h"

#include <stdlib.h>
#include <string.h>

static int
read_script(struct lineinput *dictation, char **line, struct failure *why)
{
	size_t room = 0;
	ssize_t length;

	*line = NULL;
	length = getline(line, &room, dictation->script);
	if (length >= 0) {
		dictation->line++;
		if (strlen(*line) == (size_t)length) {
			(*line)[strcspn(*line, "\r\n")] = '\0';
			return 1;
		}
		failure_set(why, "has a NUL byte");
	}
	free(*line);
	*line = NULL;
	if (length >= 0)
		return -1;
	return ferror(dictation->script) ? failure_errno(why, "cannot read the next line") : 0;
}

int
lineinput_next(struct lineinput *dictation, const char *label, char **line, struct failure *why)
{
	if (!dictation->prompt)
		return read_script(dictation, line, why);
	switch (lineedit_read(dictation->prompt, label, line)) {
	case LINEEDIT_LINE: return 1;
	case LINEEDIT_DROPPED: *line = strdup(""); break;
	case LINEEDIT_END: *line = strdup("exit"); break;
	}
	return *line ? 1 : failure_nomem(why);
}

int
lineinput_ask(struct lineinput *dictation, const char *question, char **line, struct failure *why)
{
	if (!dictation->prompt)
		return read_script(dictation, line, why);
	return lineedit_ask(dictation->prompt, question, line) == LINEEDIT_LINE;
}
