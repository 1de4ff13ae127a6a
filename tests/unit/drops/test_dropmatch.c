/* The tries of the kernel's program against the sets they are made of, and against the filter itself. */
#include "drops/dropmatch.h"

#include "tap.h"

#include <stdlib.h>

static uint64_t seed = 1;

static uint32_t
random_below(uint32_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % limit;
}

/* The groups of an address, as the kernel's trie would say; *matches: how many prefixes it has. */
static uint64_t
look_up(const struct dropmatch *match, struct addr addr, unsigned *matches)
{
	uint64_t groups = 0;

	*matches = 0;
	for (size_t i = 0; i < match->count; i++) {
		const struct dropevent_prefix *prefix = &match->list[i].prefix;
		const unsigned width = addr.family == 4 ? 32 : 128, length = prefix->bits - 8;
		unsigned __int128 value = 0;

		if (prefix->family != addr.family)
			continue;
		for (unsigned at = 0; at < width / 8; at++)
			value = value << 8 | prefix->addr[at];
		if (length == 0 || (value ^ addr.value) >> (width - length) == 0) {
			groups = match->list[i].groups;
			++*matches;
		}
	}
	return groups;
}

static bool
takes(const struct dropmatch *match, uint64_t groups, uint32_t key, uint64_t *whole)
{
	bool takes = false;

	*whole = 0;
	for (unsigned i = 0; i < match->group_count; i++)
		if (groups >> i & 1 && key >= match->groups[i].first &&
		    key <= match->groups[i].last) {
			takes = true;
			*whole |= match->whole & UINT64_C(1) << i;
		}
	return takes;
}

static bool
is_endpoint(const struct endpoint_group *groups, size_t count, struct addr addr, uint32_t key)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_group_has(&groups[i], addr, key))
			return true;
	return false;
}

static const char *
random_service(unsigned lines)
{
	static char text[8192];
	size_t used = 0;

	for (unsigned i = 0; i < lines; i++) {
		const unsigned port = random_below(40), low = random_below(60);

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s tcp/%u-%u\n",
					 i == 0 || random_below(2) ? "vip" : "server",
					 random_below(3) == 0   ? "2001:db8::10-2001:db8::1f"
					 : random_below(2) == 0 ? "10.0.0.0/27"
								: "10.0.0.5-10.0.0.9",
					 port, port + low);
	}
	return text;
}

static void
test_random(unsigned lines, bool has_set, bool for_join)
{
	struct service service = SERVICE_INIT;
	struct addrset set = ADDRSET_INIT;
	struct dropmatch match = DROPMATCH_INIT;
	struct failure why = FAILURE_INIT;
	unsigned wrong = 0, doubled = 0, hits = 0;
	struct filter filter = {.service = &service, .for_join = for_join};

	service_parse(&service, "s", random_service(lines), "s", &why);
	addrset_add(&set, "10.0.0.3-10.0.0.6", &why);
	addrset_add(&set, "2001:db8::1e-2001:db8::2f", &why);
	addrset_seal(&set);
	if (has_set)
		filter.set = &set;
	if (dropmatch_make(&match, &filter, &why) < 0)
		wrong++;
	for (int i = 0; i < 20000; i++) {
		const struct addr v4 = {4, 0x0a000000u + random_below(40)};
		struct addr addr = {6, (unsigned __int128)0x20010db8 << 96 | random_below(64)};
		const uint32_t key = TUPLE_KEY(6, random_below(110));
		unsigned matches;
		uint64_t groups, whole;
		bool found, vip, server;

		if (random_below(2))
			addr = v4;
		groups = look_up(&match, addr, &matches);
		found = takes(&match, groups, key, &whole);
		vip = is_endpoint(service.vip_groups, service.vip_group_count, addr, key);
		server = is_endpoint(service.server_groups, service.server_group_count, addr, key);
		doubled += matches > 1;
		/* More than there are bits share one that has every key. */
		wrong += lines < 60 ? found != (vip || server) : (vip || server) && !found;
		if (lines < 60 && found)
			wrong += (whole != 0) != (!has_set || (for_join && server));
		wrong += (groups & DROPEVENT_IN_SET) != 0 && !addrset_has(&set, addr);
		wrong += has_set && addrset_has(&set, addr) && !(groups & DROPEVENT_IN_SET);
		hits += found;
	}
	ok(wrong == 0 && doubled == 0 && hits > 0, "%u lines%s%s: each address has its groups",
	   lines, has_set ? ", with a set" : "", for_join ? ", for vcap-join" : "");
	dropmatch_release(&match);
	addrset_release(&set);
	service_release(&service);
}

static void
test_monitors(void)
{
	struct service service = SERVICE_INIT;
	struct dropmatch match = DROPMATCH_INIT;
	struct failure why = FAILURE_INIT;
	struct filter filter = {.service = &service, .monitors = MONITORS_INCLUDE};
	const struct addr server = {4, 0x0a000002};
	unsigned matches;
	uint64_t whole;

	service_parse(&service, "s",
		      "vip 192.0.2.1 tcp/80\nserver 10.0.0.2 tcp/80\nmonitor tcp/8081\n", "s",
		      &why);
	dropmatch_make(&match, &filter, &why);
	ok(takes(&match, look_up(&match, server, &matches), TUPLE_KEY(6, 8081), &whole),
	   "a health check of a server's other port is let through");
	dropmatch_release(&match);
	service_release(&service);
}

int
main(void)
{
	test_random(1, false, false);
	test_random(12, false, false);
	test_random(12, true, false);
	test_random(12, true, true);
	test_random(150, true, false);
	test_monitors();
	return done_testing();
}
