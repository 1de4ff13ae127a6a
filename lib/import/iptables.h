/*
 * Imports what iptables-save(8), ip6tables-save(8) and `ipset save` print: a service for each set of
 * destinations that DNAT rules translate, and one for each Service port that kube-proxy has rules
 * for, called NAMESPACE.NAME.PORT.
 *
 * Supported: jumps, address types, port lists, sets, statistic, negated sources, kube-proxy's and
 * Docker's chains. Gives warnings for sets that are missing, negated destinations, REDIRECT, and
 * services whose clients some rule may hide.
 */
#ifndef VCAP_IPTABLES_H
#define VCAP_IPTABLES_H

#include "import/draft.h"

/* An importer (draft.h). -1: out of memory. */
int iptables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
