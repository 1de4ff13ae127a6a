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

bool
label_admits(const struct label_hint *hint, const char *engine, size_t size)
{
	if (!hint->engine)
		return true;
	if (strlen(hint->engine) == size && strncmp(hint->engine, engine, size) == 0)
		return true;
	for (char *const *s = hint->strangers; hint->is_region && s && *s; s++)
		if (strlen(*s) == size && strncmp(*s, engine, size) == 0)
			return false;
	return hint->is_region;
}

/* "ENGINE/NAME", where the first size bytes of name are one part. Heap; NULL: out of memory. */
static char *
join_escaped(const char *engine, const char *name, size_t size)
{
	char *text = malloc(strlen(engine) + 1 + 3 * size + strlen(name + size) + 1), *to = text;

	if (!text)
		return NULL;
	to = stpcpy(stpcpy(to, engine), "/");
	for (size_t i = 0; i < size; i++)
		if (name[i] == '/')
			to = stpcpy(to, "%2F");
		else
			*to++ = name[i];
	strcpy(to, name + size);
	return text;
}

/* The text of a label for a name that is one already. Heap; NULL: out of memory. */
static char *
believed_part(const char *name, const struct label_hint *hint)
{
	const size_t engine = strcspn(name, "/"), iface = strcspn(name + engine + 1, "/");
	const bool is_admitted = label_admits(hint, name, engine);

	if (!hint->engine || (hint->is_region && is_admitted))
		return strdup(name);
	if (hint->is_region)
		return join_escaped(hint->engine, name, engine + 1 + iface);
	name += is_admitted ? engine + 1 : 0;
	return join_escaped(hint->engine, name, strlen(name));
}

/* The engine of an interface that has no label: NULL if nothing names it. */
static const char *
bare_engine(const struct interface *interface, const struct label_hint *hint)
{
	if (hint->engine)
		return hint->engine;
	return hint->from_vcap && interface->description && parse_is_name(interface->description)
		   ? interface->description
		   : NULL;
}

bool
label_is_told(const struct interface *interface, const struct label_hint *hint)
{
	return is_label(interface->name) || bare_engine(interface, hint);
}

int
label_of(struct label *label, const struct interface *interface, const struct label_hint *hint)
{
	const char *name = interface->name;

	*label = LABEL_INIT;
	if (is_label(name)) {
		label->text = believed_part(name, hint);
		if (!label->text)
			return -1;
	} else {
		const char *engine = bare_engine(interface, hint);

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
