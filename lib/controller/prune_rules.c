#include "controller/prune_rules.h"

#include "base/clock.h"
#include "base/parse.h"
#include "controller/spool_id.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int
prune_limits_set(struct prune_limits *limits, const char *key, const char *value,
		 struct failure *why)
{
	if (strcmp(key, "age") == 0)
		return parse_duration(value, NS_PER_SECOND, &limits->age_ns, why);
	if (strcmp(key, "count") == 0)
		return parse_number(value, UINT64_MAX, &limits->count, why);
	if (strcmp(key, "size") == 0)
		return parse_size(value, &limits->size, why);
	return failure_set(why, "unknown limit '%s' (age, count, size)", key);
}

static bool
is_same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

struct prune_rule *
prune_rules_for(struct prune_rules *rules, const char *service)
{
	struct prune_rule *list, *rule;

	for (size_t i = 0; i < rules->count; i++)
		if (is_same(rules->list[i].service, service))
			return &rules->list[i];
	list = realloc(rules->list, (rules->count + 1) * sizeof(*list));
	if (!list)
		return NULL;
	rules->list = list;
	rule = &list[rules->count];
	*rule = (struct prune_rule){.service = service ? strdup(service) : NULL,
				    .limits = PRUNE_LIMITS_NONE};
	if (service && !rule->service)
		return NULL;
	rules->count++;
	return rule;
}

struct prune_rule *
prune_rules_find(const struct prune_rules *rules, const char *id)
{
	struct prune_rule *others = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		struct prune_rule *rule = &rules->list[i];

		if (!rule->service)
			others = rule;
		else if (spool_id_is_of(id, rule->service))
			return rule;
	}
	return others;
}

/* The next word of the line; NULL: there is none. */
static char *
next_word(char **line)
{
	char *word;

	do
		word = strsep(line, " \t\r");
	while (word && !*word);
	return word;
}

/* [service NAME] KEY VALUE... */
static int
parse_line(struct prune_rules *rules, char *line, struct failure *why)
{
	char *key = next_word(&line), *value, *service = NULL;
	struct prune_rule *rule;

	if (!key)
		return 0;
	if (strcmp(key, "service") == 0) {
		service = next_word(&line);
		if (!service || !parse_is_name(service))
			return failure_set(why, "not a service: '%s'", service ? service : "");
		key = next_word(&line);
		if (!key)
			return failure_set(why, "no limit for service '%s'", service);
	}
	for (; key; key = next_word(&line)) {
		value = next_word(&line);
		if (!value)
			return failure_set(why, "'%s' needs a value", key);
		if (!service && strcmp(key, "leftovers") == 0) {
			if (parse_duration(value, NS_PER_SECOND, &rules->leftovers_ns, why) < 0)
				return -1;
			continue;
		}
		rule = prune_rules_for(rules, service);
		if (!rule)
			return failure_nomem(why);
		if (prune_limits_set(&rule->limits, key, value, why) < 0)
			return -1;
	}
	return 0;
}

int
prune_rules_parse(struct prune_rules *rules, const char *text, const char *file,
		  struct failure *why)
{
	char *copy = strdup(text), *rest = copy, *line;
	struct failure reason = FAILURE_INIT;
	int rc = 0;

	*rules = PRUNE_RULES_INIT;
	if (!copy)
		return failure_nomem(why);
	for (size_t number = 1; rc == 0 && (line = strsep(&rest, "\n")); number++) {
		line[strcspn(line, "#")] = '\0';
		rc = parse_line(rules, line, &reason);
		if (rc < 0)
			failure_set(why, "%s:%zu: %s", file, number, reason.text);
	}
	if (rc == 0 && rules->count == 0 && rules->leftovers_ns == INT64_MAX)
		rc = failure_set(why, "'%s' has no limit: age, count, size or leftovers", file);
	free(copy);
	if (rc < 0)
		prune_rules_release(rules);
	return rc;
}

void
prune_rules_release(struct prune_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->list[i].service);
	free(rules->list);
	*rules = PRUNE_RULES_INIT;
}
