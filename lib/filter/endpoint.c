/*
 * The endpoints of a service become groups: those with the same protocol and ports share one sealed
 * set of addresses, since a service has few ports and perhaps many addresses.
 */
#include "filter/endpoint.h"

#include "base/array.h"
#include "base/parse.h"
#include "packet/dissect.h"
#include "packet/ipproto.h"

#include <stdlib.h>
#include <string.h>

static int
parse_protocol(struct endpoint *endpoint, const char *word, size_t length, struct failure *why)
{
	endpoint->protocol = ipproto_number(word, length);
	if (endpoint->protocol)
		return 0;
	return failure_set(why, "not a protocol (tcp, udp, sctp): '%.*s'", (int)length, word);
}

int
endpoint_parse_ports(struct endpoint *endpoint, const char *word, struct failure *why)
{
	const char *slash = strchr(word, '/');
	const char *dash = slash ? strchr(slash, '-') : NULL;
	uint64_t first, last;
	char number[8];
	size_t length;

	endpoint->port_first = 0;
	endpoint->port_last = UINT16_MAX;
	if (parse_protocol(endpoint, word, slash ? (size_t)(slash - word) : strlen(word), why) < 0)
		return -1;
	if (!slash)
		return 0;
	length = dash ? (size_t)(dash - slash) - 1 : strlen(slash + 1);
	if (length >= sizeof(number))
		return failure_set(why, "not a port: '%s'", word);
	memcpy(number, slash + 1, length);
	number[length] = '\0';
	if (parse_number(number, UINT16_MAX, &first, NULL) < 0)
		return failure_set(why, "not a port: '%s'", word);
	last = first;
	if (dash && parse_number(dash + 1, UINT16_MAX, &last, NULL) < 0)
		return failure_set(why, "not a port: '%s'", word);
	if (last < first)
		return failure_set(why, "ports end before they start: '%s'", word);
	endpoint->port_first = (uint16_t)first;
	endpoint->port_last = (uint16_t)last;
	return 0;
}

void
endpoint_keys(const struct endpoint *endpoint, uint32_t *first, uint32_t *last)
{
	*first = TUPLE_KEY(endpoint->protocol, endpoint->port_first);
	*last = TUPLE_KEY(endpoint->protocol ? endpoint->protocol : UINT8_MAX, endpoint->port_last);
}

int
endpoint_groups_make(struct endpoint_group **groups, size_t *count,
		     const struct endpoint *endpoints, size_t endpoint_count, struct tunnel via,
		     struct failure *why)
{
	for (size_t i = 0; i < endpoint_count; i++) {
		uint32_t first, last;
		size_t at = 0;

		if (!tunnel_equal(endpoints[i].via, via))
			continue;
		endpoint_keys(&endpoints[i], &first, &last);
		while (at < *count &&
		       ((*groups)[at].first_key != first || (*groups)[at].last_key != last))
			at++;
		if (at == *count) {
			if (array_grow(groups, at, sizeof(**groups)) < 0)
				return failure_nomem(why);
			(*groups)[at] =
			    (struct endpoint_group){.first_key = first, .last_key = last};
			++*count;
		}
		if (addrset_add_interval(&(*groups)[at].addresses, endpoints[i].family,
					 endpoints[i].addresses, why) < 0)
			return -1;
	}
	for (size_t i = 0; i < *count; i++)
		addrset_seal(&(*groups)[i].addresses);
	return 0;
}

void
endpoint_groups_free(struct endpoint_group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		addrset_release(&groups[i].addresses);
	free(groups);
}

int
endpoint_addresses(struct addrset *set, const struct endpoint *endpoints, size_t count,
		   struct failure *why)
{
	for (size_t i = 0; i < count; i++)
		if (addrset_add_interval(set, endpoints[i].family, endpoints[i].addresses, why) < 0)
			return -1;
	addrset_seal(set);
	return 0;
}

void
endpoint_print(const struct endpoint *endpoint, FILE *out)
{
	const struct interval *range = &endpoint->addresses;
	const struct addr first = {endpoint->family, range->first},
			  last = {endpoint->family, range->last};
	char text[ADDR_TEXT], via[TUNNEL_TEXT];

	fputs(addr_format(first, text, sizeof(text)), out);
	if (range->last != range->first)
		fprintf(out, "-%s", addr_format(last, text, sizeof(text)));
	if (endpoint->protocol)
		fprintf(out, " %s", ipproto_name(endpoint->protocol));
	if (endpoint->port_first != 0 || endpoint->port_last != UINT16_MAX)
		fprintf(out, "/%u", endpoint->port_first);
	if (endpoint->port_last != endpoint->port_first && endpoint->port_last != UINT16_MAX)
		fprintf(out, "-%u", endpoint->port_last);
	if (endpoint->via.kind != TUNNEL_NONE)
		fprintf(out, " via %s", tunnel_format(endpoint->via, via));
}

bool
endpoint_is_within(const struct endpoint *inner, const struct endpoint *outer)
{
	return inner->family == outer->family && tunnel_equal(inner->via, outer->via) &&
	       outer->addresses.first <= inner->addresses.first &&
	       inner->addresses.last <= outer->addresses.last &&
	       (outer->protocol == 0 ||
		(inner->protocol == outer->protocol && outer->port_first <= inner->port_first &&
		 inner->port_last <= outer->port_last));
}

bool
endpoint_group_has(const struct endpoint_group *group, struct addr addr, uint32_t key)
{
	return (key == TUPLE_KEY_ANY || (key >= group->first_key && key <= group->last_key)) &&
	       addrset_has(&group->addresses, addr);
}
