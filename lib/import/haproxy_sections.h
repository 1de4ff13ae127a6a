/*
 * Parses a HAProxy configuration into sections of lines, with the defaults that each section
 * inherits (its manual, chapters 2 "Configuring HAProxy" and 4 "Proxies").
 */
#ifndef VCAP_HAPROXY_SECTIONS_H
#define VCAP_HAPROXY_SECTIONS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "import/draft.h"

#include <stdbool.h>
#include <stddef.h>

struct haproxy_line {
	struct draft_location at;
	bool is_conditional; /* between `.if` and `.endif`; only a section's first line can be */
	bool
	    hides_servers; /* lines behind it that depend on an `.if` and lead to servers were skipped */
	char **words;      /* at least one; NULL-ended */
	size_t count;
};

enum haproxy_kind {
	HAPROXY_DEFAULTS,
	HAPROXY_FRONTEND,
	HAPROXY_LISTEN,
	HAPROXY_BACKEND,
	HAPROXY_OTHER,
};

struct haproxy_section {
	enum haproxy_kind kind;
	const char *name;                       /* "" if it has none */
	const struct haproxy_line *first, *end; /* the lines below its first; end is exclusive */
	const struct haproxy_section *defaults; /* NULL: none */
	struct draft_location at;               /* its first line */
};

struct haproxy_conf {
	struct drafts *drafts;      /* for warnings */
	const char *file;           /* the text's name */
	struct strvec files;        /* names of the files that the text consists of */
	struct haproxy_line *lines; /* neither these nor sections move once they are parsed */
	size_t line_count;
	struct haproxy_section *sections;
	size_t section_count;
};

/* Parses text, which may consist of several files, each after a line `# configuration file PATH:`;
 * sections end with their file. Malformed lines are skipped with a warning in drafts. drafts and file are borrowed
 * until haproxy_conf_release, which the caller calls after failure, too. -1: out of memory. */
int haproxy_conf_parse(struct haproxy_conf *conf, struct drafts *drafts, const char *text,
		       const char *file, struct failure *why);
void haproxy_conf_release(struct haproxy_conf *conf);

/* The last section of this name whose kind is in kinds, a set of bits 1 << KIND; NULL: none. */
const struct haproxy_section *haproxy_conf_find(const struct haproxy_conf *conf, const char *name,
						unsigned kinds);

/* The last line of the section, or else of its defaults, whose first word is first and, unless
 * second is NULL, whose second word is in that NULL-ended list. NULL: there is none, or it is
 * negated by `no`. */
const struct haproxy_line *haproxy_section_setting(const struct haproxy_section *section,
						   const char *first, const char *const *second);

/* Whether lines of the section that lead to servers were skipped, as they depend on an `.if`. */
bool haproxy_section_hides_servers(const struct haproxy_section *section);

/* The i-th word; "" beyond the last. */
const char *haproxy_line_word(const struct haproxy_line *line, size_t i);
/* Whether the i-th word is this one. */
bool haproxy_line_is(const struct haproxy_line *line, size_t i, const char *word);
/* Whether the line has this word; line may be NULL. */
bool haproxy_line_has(const struct haproxy_line *line, const char *word);
/* The word after the first word that is name; NULL: none. line may be NULL. */
const char *haproxy_line_value(const struct haproxy_line *line, const char *name);

#endif
