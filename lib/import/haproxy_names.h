/*
 * The names that the second word of a `use_backend` line of HAProxy can come to: a name, or a text
 * with an expression in it, `%[base,map_reg(FILE,DEFAULT)]` (the manual, "use_backend", "map",
 * "Custom log format"). Maps are read from the files that they name; a variable has the values that
 * the section's `set-var` lines give it. Other expressions are not evaluated.
 */
#ifndef VCAP_HAPROXY_NAMES_H
#define VCAP_HAPROXY_NAMES_H

#include "base/strvec.h"
#include "import/haproxy_sections.h"

/* The files of maps that were read, so that each is once. */
struct haproxy_maps {
	struct haproxy_map {
		char *path, *text; /* text NULL: it could not be read */
		char *reason;      /* why not */
	} * list;
	size_t count;
};

#define HAPROXY_MAPS_INIT ((struct haproxy_maps){0})

/* Frees the files; maps is HAPROXY_MAPS_INIT afterwards. */
void haproxy_maps_release(struct haproxy_maps *maps);

/* Appends to names those that word, a part of the line, can come to, and to unknown (each with its
 * reason, as a message) what is not known of them. section is the one whose variables count. */
void haproxy_names_find(const struct haproxy_conf *conf, const struct haproxy_section *section,
			const char *word, struct haproxy_maps *maps, struct strvec *names,
			struct strvec *unknown);

#endif
