#include "merge/lossnotes.h"

#include "base/lineset.h"
#include "base/strvec.h"
#include "merge/label.h"
#include "packet/loss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds what the comment, of lines, tells of the engine: once, since several interfaces may say it. */
static void
add_lines(struct strvec *lines, const char *engine, const char *comment)
{
	static const char mark[] = LOSS_LINE;
	const size_t size = sizeof(mark) - 1;

	for (const char *at = comment; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		char text[LOSS_TEXT_MAX], *line;
		const size_t length = strcspn(at, "\n");
		struct loss loss;

		if (strncmp(at, mark, size) != 0 || length - size >= sizeof(text))
			continue;
		memcpy(text, at + size, length - size);
		text[length - size] = '\0';
		if (!loss_parse(&loss, text))
			continue;
		loss_tell(&loss, text);
		if (asprintf(&line, "%s: %s", engine, text) < 0)
			line = NULL;
		if (line && strvec_has(lines, line))
			free(line);
		else
			strvec_push_nodup(lines, line);
	}
}

char *
lossnotes_lines(const struct source *source)
{
	struct strvec lines = STRVEC_INIT;
	char *text = NULL;

	for (uint32_t i = 0; i < source->interface_count; i++) {
		const struct interface *interface = &source->interfaces[i];
		char *engine = NULL;

		if (!interface->comment)
			continue;
		engine = strndup(interface->name, strcspn(interface->name, "/"));
		if (engine)
			add_lines(&lines, engine, interface->comment);
		else
			lines.failed = true;
		free(engine);
	}
	if (lines.count && !lines.failed)
		text = strvec_join(&lines, "\n");
	strvec_release(&lines);
	return text;
}

char *
lossnotes_add(const struct interface *interface, const struct inputs *inputs, struct merge *merge)
{
	char *comment = lineset_union(interface->comment, NULL);

	for (size_t i = 0; comment && i < inputs->count; i++) {
		const char *losses = inputs->list[i].losses;
		char *joined;

		if (!losses || !merge_has_interface(merge, i, interface->name))
			continue;
		joined = lineset_union(comment, losses);
		free(comment);
		comment = joined;
	}
	return comment;
}
