/*
 * The rule by which a capture chooses interfaces: those that are named, or by default each that
 * carries traffic of this host that is not seen on another one. Pure.
 */
#ifndef VCAP_IFRULE_H
#define VCAP_IFRULE_H

#include "base/failure.h"
#include "capture/iface.h"

#include <stdbool.h>
#include <stddef.h>

/* Names, borrowed, may be alternative ones. Without any the default choice is made. */
struct ifrule {
	const char *const *named; /* must be there when the capture begins */
	size_t named_count;
	const char *const *awaited; /* may come later */
	size_t awaited_count;
};

/* -1 with why: one that is named is missing, down or of an unsupported type, link types differ, or
 * the default choice is empty. */
int ifrule_check(const struct ifrule *rule, const struct ifaces *ifaces, struct failure *why);

/*
 * Marks as taken, and all others as not: the interfaces that are named or awaited, as far as they
 * are up; or, by default, all Ethernet and loopback interfaces that are up and have an address, or
 * are a veth into another namespace, except those whose packets are seen on another one that is
 * taken: members of a bond or bridge, and VLAN, macvlan, ipvlan and VRF devices.
 */
void ifrule_apply(const struct ifrule *rule, struct ifaces *ifaces);

/* Whether interfaces that come later can be taken by the rule: it names none, or awaits some. */
bool ifrule_follows(const struct ifrule *rule);

/* Whether an interface that is called that is taken. */
bool ifrule_has_taken(const struct ifaces *ifaces, const char *name);

/* Whether the default choice left this one out for its link type alone. */
bool ifrule_leaves_out(const struct iface *iface);

#endif
