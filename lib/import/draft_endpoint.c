#include "import/draft_endpoint.h"

#include "base/array.h"
#include "base/parse.h"
#include "base/siphash.h"
#include "packet/addrset.h"
#include "packet/ipproto.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
draft_endpoints_release(struct draft_endpoints *endpoints)
{
	strvec_release(&endpoints->lines);
	free(endpoints->ports);
	free(endpoints->slots);
	*endpoints = (struct draft_endpoints){0};
}

void
draft_endpoint_replace_controls(char *text)
{
	for (; text && *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

static void
print_ports(FILE *out, struct draft_ports ports)
{
	if (!ports.protocol)
		return;
	fprintf(out, " %s", ports.protocol);
	if (ports.first == 0 && ports.last == UINT16_MAX)
		return;
	fprintf(out, "/%u", ports.first);
	if (ports.last != ports.first)
		fprintf(out, "-%u", ports.last);
}

/* ADDRESS PROTOCOL/PORTS via TUNNEL as vcap-service(5) writes them. */
static void
print_endpoint(FILE *out, const char *address, struct draft_ports ports)
{
	fputs(address, out);
	print_ports(out, ports);
	if (ports.via)
		fprintf(out, " via %s", ports.via);
}

/* A line on the heap; NULL: out of memory. */
static char *
format_line(const char *address, struct draft_ports ports, const char *comment)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return NULL;
	print_endpoint(out, address, ports);
	if (comment)
		fprintf(out, "  # %s", comment);
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	draft_endpoint_replace_controls(line);
	return line;
}

/* The length of a line without its comment and the blanks before that. */
static size_t
length_without_comment(const char *line)
{
	size_t length = strcspn(line, "#");

	while (length > 0 && line[length - 1] == ' ')
		length--;
	return length;
}

/* The slot of this line, comments aside, or the free one where it belongs. The key is no secret: who
 * chooses lines that share a slot makes an import of his own configuration slow. */
static uint32_t *
find_slot(const struct draft_endpoints *endpoints, const char *line)
{
	static const struct siphash_key key = {{0, 0}};
	const size_t length = length_without_comment(line), mask = endpoints->slot_count - 1;
	size_t i = (size_t)siphash(&key, line, length) & mask;

	for (; endpoints->slots[i]; i = (i + 1) & mask) {
		const char *other = endpoints->lines.list[endpoints->slots[i] - 1];

		if (strncmp(other, line, length) == 0 && length_without_comment(other) == length)
			break;
	}
	return &endpoints->slots[i];
}

/* Makes room for a line more: at most half of the slots are taken. */
static int
make_room(struct draft_endpoints *endpoints)
{
	struct draft_endpoints larger = *endpoints;

	if (2 * (endpoints->lines.count + 1) <= endpoints->slot_count)
		return 0;
	larger.slot_count = endpoints->slot_count ? 2 * endpoints->slot_count : 16;
	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (size_t i = 0; i < endpoints->lines.count; i++)
		*find_slot(&larger, endpoints->lines.list[i]) = (uint32_t)i + 1;
	free(endpoints->slots);
	*endpoints = larger;
	return 0;
}

int
draft_endpoints_add(struct draft_endpoints *endpoints, const char *address,
		    struct draft_ports ports, const char *comment)
{
	const size_t count = endpoints->lines.count;
	char *line = format_line(address, ports, comment);
	const bool has_room =
	    array_grow(&endpoints->ports, count, sizeof(ports)) == 0 && make_room(endpoints) == 0;
	uint32_t *slot = line && has_room ? find_slot(endpoints, line) : NULL;

	if (slot && !*slot) {
		/* The caller's name may be part of a text that does not stay. */
		if (ports.protocol)
			ports.protocol =
			    ipproto_name(ipproto_number(ports.protocol, strlen(ports.protocol)));
		endpoints->ports[count] = ports;
		strvec_push(&endpoints->lines, line);
		*slot = (uint32_t)endpoints->lines.count;
	}
	free(line);
	return line && has_room && !endpoints->lines.failed ? 0 : -1;
}

bool
draft_endpoints_have_host(const struct draft_endpoints *endpoints, const char *host)
{
	const struct strvec *lines = &endpoints->lines;
	const size_t length = strlen(host);

	for (size_t i = 0; i < lines->count; i++)
		if (strncmp(lines->list[i], host, length) == 0 &&
		    strchr(" ", lines->list[i][length]))
			return true;
	return false;
}

bool
draft_endpoints_have_port(const struct draft_endpoints *endpoints, const char *protocol,
			  unsigned port)
{
	for (size_t i = 0; i < endpoints->lines.count; i++) {
		const struct draft_ports *ports = &endpoints->ports[i];

		if (!ports->via &&
		    (!ports->protocol || (strcmp(ports->protocol, protocol) == 0 &&
					  ports->first <= port && port <= ports->last)))
			return true;
	}
	return false;
}

int
draft_endpoint_parse_ports(const char *word, unsigned *first, unsigned *last)
{
	const char *dash = strchr(word, '-');
	char number[8] = "";
	uint64_t low, high;
	size_t length = dash ? (size_t)(dash - word) : strlen(word);

	if (length >= sizeof(number))
		return -1;
	memcpy(number, word, length);
	if (parse_number(number, UINT16_MAX, &low, NULL) < 0 || low == 0)
		return -1;
	high = low;
	if (dash && (parse_number(dash + 1, UINT16_MAX, &high, NULL) < 0 || high < low))
		return -1;
	*first = (unsigned)low;
	*last = (unsigned)high;
	return 0;
}

char *
draft_endpoint_split(char *word, char **ports)
{
	char *bracket = *word == '[' ? strchr(word, ']') : NULL;
	char *colon = strrchr(bracket ? bracket : word, ':');

	*ports = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
	if (bracket) {
		*bracket = '\0';
		return word + 1;
	}
	return word;
}

bool
draft_endpoint_is_host_name(const char *host)
{
	bool has_letter = false;

	for (const char *s = host; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
		has_letter |= isalpha((unsigned char)*s);
	}
	return has_letter && isalnum((unsigned char)*host) && strlen(host) < 254;
}

static bool
is_localhost(const char *host)
{
	return strcmp(host, "localhost") == 0;
}

bool
draft_endpoint_is_loopback(const char *host)
{
	struct addr addr;

	if (is_localhost(host))
		return true;
	return addr_parse(&addr, host, NULL) == 0 &&
	       (addr.family == 4 ? (uint32_t)addr.value >> 24 == 127 : addr.value == 1);
}

bool
draft_endpoint_is_same_host(const char *one, const char *other)
{
	struct addr a, b;

	if (is_localhost(one) || is_localhost(other))
		return draft_endpoint_is_loopback(one) && draft_endpoint_is_loopback(other);
	return addr_parse(&a, one, NULL) == 0 && addr_parse(&b, other, NULL) == 0 &&
	       a.family == b.family && a.value == b.value;
}
