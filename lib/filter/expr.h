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
 * Compiles text for frames of this link type without VLAN tags, with one and with two. text may not
 * use `vlan` itself, and a cooked link type may not read the type of the frame as bytes
 * (`link[14]`). A host name in text may be looked up. On failure expression is unchanged.
 */
int expr_compile(struct filter_expression *expression, const char *text, uint16_t linktype,
		 struct failure *why);
/* Whether it uses what only the kernel knows about a packet (ancillary loads), which files lack. */
bool expr_asks_kernel(const struct filter_expression *expression);
/* Frees the programs of the expression. */
void expr_release(struct filter_expression *expression);

#endif
