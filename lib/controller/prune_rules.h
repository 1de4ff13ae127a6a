/*
 * What vcap-prune keeps: the limits that are given for all captures and for those of single services, as
 * a file has them (vcap-prune(1)). Pure.
 */
#ifndef VCAP_PRUNE_RULES_H
#define VCAP_PRUNE_RULES_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

/* What captures have to keep to. INT64_MAX, UINT64_MAX: no limit. */
struct prune_limits {
	int64_t age_ns; /* since the end */
	uint64_t count, size;
};

#define PRUNE_LIMITS_NONE \
	((struct prune_limits){.age_ns = INT64_MAX, .count = UINT64_MAX, .size = UINT64_MAX})

struct prune_rule {
	char *service; /* NULL: all services that have no rule of their own, together */
	struct prune_limits limits;
};

struct prune_rules {
	struct prune_rule *list; /* each service once */
	size_t count;
	int64_t leftovers_ns; /* age of what is removed from engines; INT64_MAX: nothing is */
};

#define PRUNE_RULES_INIT ((struct prune_rules){.leftovers_ns = INT64_MAX})

/* Sets one limit by its key: `age`, `count` or `size`. -1 with why; limits are unchanged. */
int prune_limits_set(struct prune_limits *limits, const char *key, const char *value,
		     struct failure *why);

/* The rule of this service, which is made if there is none; NULL: out of memory. */
struct prune_rule *prune_rules_for(struct prune_rules *rules, const char *service);
/* The rule that holds for a capture with this id; NULL: none does. */
struct prune_rule *prune_rules_find(const struct prune_rules *rules, const char *id);

/* Parses text; file is its name in messages ("FILE:LINE: ..."). The caller releases rules. -1: malformed,
 * without any limit, or out of memory; rules is PRUNE_RULES_INIT. */
int prune_rules_parse(struct prune_rules *rules, const char *text, const char *file,
		      struct failure *why);
void prune_rules_release(struct prune_rules *rules);

#endif
