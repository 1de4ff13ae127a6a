/*
 * Expressions of pcap-filter(7), compiled by libpcap. The only module that knows libpcap.
 */
#ifndef VCAP_EXPR_H
#define VCAP_EXPR_H

#include "base/failure.h"
#include "filter/filter.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Compiles text, `vlan and (text)` and `vlan and vlan and (text)` for this link type, so that a
 * frame's own tags can pick one: in libpcap's language a `vlan` moves everything after it, and text
 * may not have one itself. For cooked link types, of whose tags libpcap knows nothing, the program
 * of untagged frames is moved along instead; text that reads the type of such a frame as bytes
 * (`link[14]`) cannot be, and is refused. Raw packets have no tags. A name in text may be looked
 * up. -1: expression is unchanged.
 */
int expr_compile(struct filter_expression *expression, const char *text, uint16_t linktype,
		 struct failure *why);
/* Whether it looks at what only the kernel knows about a packet: no file says that. */
bool expr_asks_kernel(const struct filter_expression *expression);
void expr_release(struct filter_expression *expression);

#endif
