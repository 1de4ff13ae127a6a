#include "merge/label.h"

#include "base/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
label_release(struct label *label)
{
	free(label->text);
	*label = LABEL_INIT;
}

/* Whether the name has two or more parts, none of them empty. */
static bool
is_label(const char *name)
{
	const char *slash = name ? strchr(name, '/') : NULL;

	return slash && slash != name && slash[1] && slash[1] != '/';
}

/* Splits the text at its slashes. */
static void
split(struct label *label)
{
	char *slash = strchr(label->text, '/');

	*slash = '\0';
	label->engine = label->text;
	label->iface = slash + 1;
	slash = strchr(slash + 1, '/');
	if (slash) {
		*slash = '\0';
		label->side = slash[1] ? slash + 1 : NULL;
	}
}

int
label_of(struct label *label, const struct interface *interface, const struct label_hint *hint)
{
	const char *engine = hint->engine, *name = interface->name;

	*label = LABEL_INIT;
	if (is_label(name)) {
		label->text = strdup(name);
		if (!label->text)
			return -1;
	} else {
		if (!engine && hint->from_vcap && interface->description &&
		    parse_is_name(interface->description))
			engine = interface->description;
		if (asprintf(&label->text, "%s/%s", engine ? engine : hint->fallback,
			     name && *name && !strchr(name, '/') ? name : "-") < 0) {
			label->text = NULL;
			return -1;
		}
	}
	split(label);
	label->via = hint->engine;
	return 0;
}

char *
label_format(const struct label *label, const char *side)
{
	char *text = NULL;

	if (asprintf(&text, "%s/%s%s%s", label->engine, label->iface, side ? "/" : "",
		     side ? side : "") < 0)
		return NULL;
	return text;
}
