/*
 * A packet that passes several interfaces (a bond and its member, a VLAN and the device below)
 * would be captured on each of them. The default choice captures it once. seen_on names, for an
 * interface, another that sees everything it carries: for a VLAN the device below, which sees the
 * packets with their tags; for members of a bond or bridge the bond or bridge. An interface is
 * taken if none of those that follow from it by seen_on is.
 *
 * An address is what tells that an interface carries this host's traffic. A veth into another
 * namespace needs none: a pod's address is inside, and the host has a route there.
 */
#include "capture/ifrule.h"

#include "packet/packet.h"

#include <string.h>

static bool
is_kind(const struct iface *iface, const char *kind)
{
	return iface && strcmp(iface->kind, kind) == 0;
}

static bool
is_in_vrf(const struct ifaces *ifaces, const struct iface *iface)
{
	return is_kind(ifaces_by_index(ifaces, iface->master), "vrf");
}

/* A veth whose other end is in another namespace, and that no bridge forwards from: this host routes
 * what comes from there, with an address on the veth or without. */
static bool
leads_to_namespace(const struct ifaces *ifaces, const struct iface *iface)
{
	return is_kind(iface, "veth") && iface->is_elsewhere &&
	       (iface->master == 0 || is_in_vrf(ifaces, iface));
}

static bool
is_candidate(const struct ifaces *ifaces, const struct iface *iface)
{
	return iface->is_up && iface->linktype == LINKTYPE_EN10MB &&
	       (iface->has_address || leads_to_namespace(ifaces, iface));
}

/* The interface that also sees everything this one carries, or NULL. */
static const struct iface *
seen_on(const struct ifaces *ifaces, const struct iface *iface)
{
	if (is_kind(iface, "vlan") || is_kind(iface, "macvlan") || is_kind(iface, "ipvlan"))
		return ifaces_by_index(ifaces, iface->lower);
	/* A VRF runs on its members; a bond or bridge is preferred to them. */
	return is_in_vrf(ifaces, iface) ? NULL : ifaces_by_index(ifaces, iface->master);
}

/* Of what this one carries, and then the other one: the next interface that sees it, or NULL. The kernel
 * gives a VLAN its packets before a bridge gets those of the device below (__netif_receive_skb_core). */
static const struct iface *
seen_further_on(const struct ifaces *ifaces, const struct iface *iface, const struct iface *other)
{
	const struct iface *next = seen_on(ifaces, other);

	return is_kind(iface, "vlan") && !is_kind(other, "vlan") && is_kind(next, "bridge") ? NULL
											    : next;
}

/* depth bounds the recursion: a dump that is not the kernel's could describe a circle. */
static bool
is_default(const struct ifaces *ifaces, const struct iface *iface, unsigned depth)
{
	const struct iface *at = iface, *other = seen_on(ifaces, at), *next;

	if (!is_candidate(ifaces, iface))
		return false;
	/* The other one may not be taken itself, but run on one that is. */
	for (unsigned i = depth; other && i < 8; i++) {
		if (is_default(ifaces, other, i + 1))
			return false;
		next = seen_further_on(ifaces, at, other);
		at = other;
		other = next;
	}
	if (is_kind(iface, "vrf"))
		for (size_t i = 0; i < ifaces->count; i++)
			if (ifaces->list[i].master == iface->index && depth < 8 &&
			    is_default(ifaces, &ifaces->list[i], depth + 1))
				return false;
	return true;
}

bool
ifrule_leaves_out(const struct iface *iface)
{
	return !iface->taken && iface->is_up && iface->has_address &&
	       iface->linktype != LINKTYPE_EN10MB;
}

static struct iface *
find_name(const struct ifaces *ifaces, const char *name)
{
	for (size_t i = 0; i < ifaces->count; i++)
		if (iface_has_name(&ifaces->list[i], name))
			return &ifaces->list[i];
	return NULL;
}

/* Checks a named interface against the first one, of which *first and *linktype tell. */
static int
check_named(const struct ifaces *ifaces, const char *name, uint16_t *linktype, const char **first,
	    struct failure *why)
{
	const struct iface *iface = find_name(ifaces, name);

	if (!iface)
		return failure_set(why, "no interface '%s'%s", name,
				   strcmp(name, "any") == 0
				       ? " (without -i, every one with an address is taken)"
				       : "");
	if (!iface->is_up)
		return failure_set(why, "interface '%s' is down", name);
	if (iface->linktype == IFACE_NO_LINKTYPE)
		return failure_set(why, "interface '%s' has a link type that is not supported",
				   name);
	if (*first && iface->linktype != *linktype)
		return failure_set(why, "interfaces '%s' and '%s' have different link types",
				   *first, name);
	*first = iface->name;
	*linktype = iface->linktype;
	return 0;
}

/* One that is waited for may come at any time, so it must be of the kind that is waited for. */
static int
check_awaited(const struct ifaces *ifaces, const char *name, struct failure *why)
{
	const struct iface *iface = find_name(ifaces, name);

	if (iface && iface->linktype != LINKTYPE_EN10MB)
		return failure_set(why, "only an Ethernet interface can be waited for: '%s'", name);
	return 0;
}

int
ifrule_check(const struct ifrule *rule, const struct ifaces *ifaces, struct failure *why)
{
	const char *first = rule->awaited_count ? rule->awaited[0] : NULL;
	uint16_t linktype = LINKTYPE_EN10MB;

	for (size_t i = 0; i < rule->awaited_count; i++)
		if (check_awaited(ifaces, rule->awaited[i], why) < 0)
			return -1;
	for (size_t i = 0; i < rule->named_count; i++)
		if (check_named(ifaces, rule->named[i], &linktype, &first, why) < 0)
			return -1;
	if (rule->named_count || rule->awaited_count)
		return 0;
	for (size_t i = 0; i < ifaces->count; i++)
		if (is_default(ifaces, &ifaces->list[i], 0))
			return 0;
	return failure_set(why, "no interface is up and has an address");
}

static bool
is_one_of(const struct iface *iface, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (iface_has_name(iface, names[i]))
			return true;
	return false;
}

static bool
is_taken(const struct ifrule *rule, const struct ifaces *ifaces, const struct iface *iface)
{
	if (rule->named_count == 0 && rule->awaited_count == 0)
		return is_default(ifaces, iface, 0);
	return iface->is_up && iface->linktype != IFACE_NO_LINKTYPE &&
	       (is_one_of(iface, rule->named, rule->named_count) ||
		is_one_of(iface, rule->awaited, rule->awaited_count));
}

void
ifrule_apply(const struct ifrule *rule, struct ifaces *ifaces)
{
	for (size_t i = 0; i < ifaces->count; i++)
		ifaces->list[i].taken = is_taken(rule, ifaces, &ifaces->list[i]);
}

bool
ifrule_follows(const struct ifrule *rule)
{
	return rule->named_count == 0 || rule->awaited_count > 0;
}

bool
ifrule_has_taken(const struct ifaces *ifaces, const char *name)
{
	const struct iface *iface = find_name(ifaces, name);

	return iface && iface->taken;
}
