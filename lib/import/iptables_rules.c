/*
 * A line is a comment, a table (`*nat`), a chain (`:NAME ...`), a rule (`-A CHAIN ...`), `COMMIT`, or
 * of ipset: `create NAME TYPE ...` and `add NAME ELEMENT ...`. A rule's words are options, each with
 * `!` before it if it is negated; words in double quotes may have blanks, and a backslash escapes.
 * Matches that say nothing of where packets go make a rule conditional; `-m` and the like do not.
 *
 * Jumps are looked up by chain, of which a cluster has tens of thousands: the rules of a table are
 * sorted by it.
 */
#include "import/iptables_rules.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* Splits a line of this length into words. Heap; NULL: out of memory, or there is no word. */
static char **
split_line(const char *line, size_t length, bool *failed)
{
	struct strvec words = STRVEC_INIT;
	const char *at = line, *end = line + length;

	while (at < end) {
		char *word = malloc((size_t)(end - at) + 1), *to = word;
		bool is_quoted = false;

		while (at < end && strchr(" \t\r", *at))
			at++;
		if (at == end || !word) {
			free(word);
			*failed |= !word;
			break;
		}
		for (; at < end && (is_quoted || !strchr(" \t\r", *at)); at++) {
			if (*at == '"')
				is_quoted = !is_quoted;
			else if (*at != '\\' || ++at < end)
				*to++ = *at;
		}
		*to = '\0';
		strvec_push(&words, word);
		free(word);
	}
	*failed |= words.failed;
	return strvec_detach(&words);
}

static bool
is_any(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

/* Takes an option with its value, `!` aside; false: it says nothing of these. */
static bool
take_option(struct iptables_rule *rule, const char *name, const char *value, bool is_not)
{
	static const char *const ports[] = {
	    "--dport", "--dports", "--destination-port", "--destination-ports", "--ports", NULL};
	static const char *const tos[] = {"--to-destination", "--to-source", "--to-ports", NULL};

	if (strcmp(name, "-A") == 0) {
		rule->chain = value;
	} else if (strcmp(name, "-s") == 0) {
		rule->source = value;
		rule->is_not_source = is_not;
	} else if (strcmp(name, "-d") == 0) {
		rule->destination = value;
		rule->is_not_destination = is_not;
	} else if (strcmp(name, "-p") == 0) {
		rule->protocol = is_not ? "!" : value;
	} else if (is_any(name, ports)) {
		rule->ports = value;
		rule->is_not_ports = is_not;
	} else if (strcmp(name, "-o") == 0) {
		rule->out = value;
		rule->is_not_out = is_not;
	} else if (strcmp(name, "--comment") == 0) {
		rule->comment = value;
	} else if (strcmp(name, "-j") == 0 || strcmp(name, "-g") == 0) {
		rule->target = value;
	} else if (is_any(name, tos)) {
		rule->to = value;
	} else if (strcmp(name, "--dst-type") == 0) {
		rule->is_local = !is_not && strcmp(value, "LOCAL") == 0;
		rule->is_conditional |= !rule->is_local;
	} else {
		return false;
	}
	return true;
}

/* Reads the options of a rule; words beyond the last are NULL. */
static void
read_rule(struct iptables_rule *rule, char **words)
{
	/* Which of several servers is chosen, and how addresses are. */
	static const char *const others[] = {
	    "--mode",       "--probability", "--every",        "--packet",  "-m",    "--match",
	    "--mask",       "--rcheck",      "--reap",         "--rsource", "--set", "--name",
	    "--persistent", "--random",      "--random-fully", NULL};
	bool is_not = false;

	for (; *words; words++) {
		const char *name = *words, *value = words[1] ? words[1] : "";

		if (strcmp(name, "!") == 0) {
			is_not = true;
			continue;
		}
		if (strcmp(name, "--match-set") == 0 && words[1] && words[2]) {
			rule->set = value;
			rule->set_flags = words[2];
			rule->is_not_set = is_not;
			words += 2;
		} else if (*name == '-' && take_option(rule, name, value, is_not)) {
			words += words[1] != NULL;
		} else if (*name == '-' && !is_any(name, others)) {
			rule->is_conditional = true;
		}
		is_not = false;
	}
}

static int
add_rule(struct iptables_ruleset *ruleset, char **words, unsigned line)
{
	struct iptables_table *table = &ruleset->tables[ruleset->table_count - 1];
	struct iptables_rule rule = {.line = line, .words = words};

	read_rule(&rule, words);
	if (!rule.chain || !*rule.chain)
		return 0;
	if (array_grow(&table->rules, table->count, sizeof(rule)) < 0)
		return -1;
	table->rules[table->count++] = rule;
	return 1;
}

static int
add_table(struct iptables_ruleset *ruleset, const char *name)
{
	struct iptables_table table = {.name = strdup(name)};

	if (!table.name ||
	    array_grow(&ruleset->tables, ruleset->table_count, sizeof(*ruleset->tables)) < 0) {
		free(table.name);
		return -1;
	}
	ruleset->tables[ruleset->table_count++] = table;
	return 0;
}

static struct iptables_set *
find_set(const struct iptables_ruleset *ruleset, const char *name)
{
	for (size_t i = ruleset->set_count; i > 0; i--)
		if (strcmp(ruleset->sets[i - 1].name, name) == 0)
			return &ruleset->sets[i - 1];
	return NULL;
}

const struct iptables_set *
iptables_ruleset_set(const struct iptables_ruleset *ruleset, const char *name)
{
	return find_set(ruleset, name);
}

/* Reads a line of ipset; -1: out of memory. */
static int
add_to_set(struct iptables_ruleset *ruleset, char *const *words)
{
	struct iptables_set *set = find_set(ruleset, words[1]);

	if (strcmp(words[0], "add") == 0) {
		if (set)
			strvec_push(&set->elements, words[2]);
		return 0;
	}
	if (array_grow(&ruleset->sets, ruleset->set_count, sizeof(*set)) < 0)
		return -1;
	set = &ruleset->sets[ruleset->set_count++];
	*set = (struct iptables_set){.name = strdup(words[1]), .type = strdup(words[2])};
	return set->name && set->type ? 0 : -1;
}

/* Takes a line's words; 1: they are kept, 0: they are not, -1: out of memory. */
static int
take_words(struct iptables_ruleset *ruleset, char **words, unsigned line)
{
	const char *first = words[0];
	const bool is_set = strcmp(first, "create") == 0 || strcmp(first, "add") == 0;

	if (*first == '*')
		return add_table(ruleset, first + 1);
	if (is_set && words[1] && words[2])
		return add_to_set(ruleset, words);
	if (*first == '[' && words[1]) /* [PACKETS:BYTES], of iptables-save -c */
		first = words[1];
	if (strcmp(first, "-A") == 0 && ruleset->table_count)
		return add_rule(ruleset, words, line);
	if (*first != ':' && *first != '#' && strcmp(first, "COMMIT") != 0)
		drafts_warn(ruleset->drafts, (struct draft_location){ruleset->file, line},
			    "not a rule of iptables-save: '%s'", first);
	return 0;
}

static int
compare_rules(const void *one, const void *other)
{
	const struct iptables_rule *a = one, *b = other;
	const int by_chain = strcmp(a->chain, b->chain);

	return by_chain ? by_chain : a->line < b->line ? -1 : a->line > b->line;
}

int
iptables_ruleset_parse(struct iptables_ruleset *ruleset, struct drafts *drafts, const char *text,
		       const char *file, struct failure *why)
{
	bool failed = false;
	unsigned line = 0;

	*ruleset = (struct iptables_ruleset){.drafts = drafts, .file = file};
	while (*text && !failed) {
		const size_t length = strcspn(text, "\n");
		char **words = split_line(text, length, &failed);
		int kept = 0;

		line++;
		if (words)
			kept = take_words(ruleset, words, line);
		if (kept <= 0)
			strvec_free(words);
		failed |= kept < 0;
		text += length + (text[length] == '\n');
	}
	for (size_t i = 0; i < ruleset->table_count; i++)
		if (ruleset->tables[i].count)
			qsort(ruleset->tables[i].rules, ruleset->tables[i].count,
			      sizeof(struct iptables_rule), compare_rules);
	for (size_t i = 0; i < ruleset->set_count; i++)
		failed |= ruleset->sets[i].elements.failed;
	return failed ? failure_nomem(why) : 0;
}

void
iptables_ruleset_release(struct iptables_ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->table_count; i++) {
		for (size_t k = 0; k < ruleset->tables[i].count; k++)
			strvec_free(ruleset->tables[i].rules[k].words);
		free(ruleset->tables[i].rules);
		free(ruleset->tables[i].name);
	}
	for (size_t i = 0; i < ruleset->set_count; i++) {
		free(ruleset->sets[i].name);
		free(ruleset->sets[i].type);
		strvec_release(&ruleset->sets[i].elements);
	}
	free(ruleset->tables);
	free(ruleset->sets);
	*ruleset = (struct iptables_ruleset){0};
}

size_t
iptables_table_chain(const struct iptables_table *table, const char *chain,
		     const struct iptables_rule **first)
{
	size_t low = 0, high = table->count, count = 0;

	*first = NULL;
	if (!table->count)
		return 0;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(table->rules[middle].chain, chain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = table->rules + low;
	while (low + count < table->count && strcmp(table->rules[low + count].chain, chain) == 0)
		count++;
	return count;
}
