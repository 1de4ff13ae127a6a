/*
 * The rules that iptables-save(8) and ip6tables-save(8) print, and the sets that `ipset save` prints
 * among them, in any order and any number of times.
 */
#ifndef VCAP_IPTABLES_RULES_H
#define VCAP_IPTABLES_RULES_H

#include "base/failure.h"
#include "import/draft.h"

#include <stdbool.h>
#include <stddef.h>

/* A rule. Strings are NULL if it does not say. */
struct iptables_rule {
	unsigned line;
	const char *chain;
	const char *source, *destination; /* an address or subnet */
	const char *protocol;             /* as written */
	const char *ports;                /* of the destination: 80, 80:90, 80,443 */
	const char *set, *set_flags;      /* NAME and src, dst, "dst,dst" */
	const char *out;                  /* interface */
	const char *comment;
	const char *target, *to; /* to: of DNAT and SNAT */
	bool is_not_source, is_not_destination, is_not_ports, is_not_set, is_not_out;
	bool is_local;       /* the destination is an address of the host */
	bool is_conditional; /* it matches something else as well */
	char **words;        /* which the strings are of */
};

/* The rules of one table, as far as one COMMIT. */
struct iptables_table {
	char *name; /* "nat" */
	struct iptables_rule *rules;
	size_t
	    count; /* of rules, which are in the order of their chains' names, and as written in each */
};

struct iptables_set {
	char *name, *type; /* "hash:ip,port" */
	struct strvec elements;
};

struct iptables_ruleset {
	struct drafts *drafts; /* for warnings */
	const char *file;
	struct iptables_table *tables;
	size_t table_count;
	struct iptables_set *sets;
	size_t set_count;
};

/* Parses text; what is not a rule is said in drafts. -1: out of memory. The caller releases ruleset in
 * any case. */
int iptables_ruleset_parse(struct iptables_ruleset *ruleset, struct drafts *drafts,
			   const char *text, const char *file, struct failure *why);
void iptables_ruleset_release(struct iptables_ruleset *ruleset);

/* The rules of a chain: the first, and their number; 0: there are none. */
size_t iptables_table_chain(const struct iptables_table *table, const char *chain,
			    const struct iptables_rule **first);

/* The set of this name; NULL: there is none. */
const struct iptables_set *iptables_ruleset_set(const struct iptables_ruleset *ruleset,
						const char *name);

#endif
