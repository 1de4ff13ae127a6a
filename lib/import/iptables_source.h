/*
 * Which address servers see as their client's, by the SNAT and MASQUERADE rules of iptables.
 */
#ifndef VCAP_IPTABLES_SOURCE_H
#define VCAP_IPTABLES_SOURCE_H

#include "import/iptables_rules.h"

/* The rules of POSTROUTING that change addresses, with those of the chains that it jumps to. */
struct iptables_sources {
	struct iptables_source {
		const struct iptables_rule *rule;
		bool is_conditional; /* a rule before it, or a jump to it, may let packets pass */
	} * list;
	size_t count;
};

/* Collects them from a table. -1: out of memory. The caller frees list in any case. */
int iptables_sources_collect(struct iptables_sources *sources, const struct iptables_table *table);

/* For draft_add_source: "client", an address, or NULL if some connections may have another address
 * than others; *rule is then, or else NULL, the first that may apply. */
const char *iptables_sources_find(const struct iptables_sources *sources, const char *server,
				  const struct draft_ports *ports,
				  const struct iptables_rule **rule);

#endif
