#include "packet/connects.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
connects_release(struct connects *connects)
{
	free(connects->servers);
	*connects = CONNECTS_INIT;
}

static int
compare(const struct connects_server *server, struct addr addr, uint16_t port)
{
	if (server->addr.family != addr.family)
		return server->addr.family < addr.family ? -1 : 1;
	if (server->addr.value != addr.value)
		return server->addr.value < addr.value ? -1 : 1;
	return (server->port > port) - (server->port < port);
}

/* NULL: no room for one more, or no memory. */
static struct connects_server *
find_or_add(struct connects *connects, struct addr addr, uint16_t port)
{
	size_t low = 0, high = connects->count;
	struct connects_server *at;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&connects->servers[middle], addr, port);

		if (order == 0)
			return &connects->servers[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (connects->count == CONNECTS_SERVERS ||
	    array_grow(&connects->servers, connects->count, sizeof(*at)) < 0)
		return NULL;
	at = &connects->servers[low];
	memmove(at + 1, at, (connects->count - low) * sizeof(*at));
	*at = (struct connects_server){.addr = addr, .port = port};
	connects->count++;
	return at;
}

void
connects_add(struct connects *connects, struct addr server, uint16_t port,
	     const struct handshake *handshake, int64_t waited_ns)
{
	bool has_failed =
	    handshake->state == HANDSHAKE_REFUSED ||
	    (handshake->state == HANDSHAKE_ASKED && waited_ns >= CONNECTS_PATIENCE_NS);
	struct connects_server *at;

	if (!handshake->has_syn)
		return;
	at = find_or_add(connects, server, port);
	if (!at)
		connects->others_failed += has_failed;
	else if (has_failed)
		at->failed++;
	else if (handshake->state == HANDSHAKE_ASKED)
		at->pending++;
	else
		at->answered++;
}

static uint64_t
failed(const struct connects_server *server)
{
	return server->failed + (server->answered ? 0 : server->pending);
}

/* The most first, then as they stand. */
static int
compare_failed(const void *a, const void *b)
{
	const struct connects_server *x = *(const struct connects_server *const *)a;
	const struct connects_server *y = *(const struct connects_server *const *)b;

	if (failed(x) != failed(y))
		return failed(x) > failed(y) ? -1 : 1;
	return (x > y) - (x < y);
}

static void
print_server(FILE *out, const struct connects_server *server)
{
	const char *plural = failed(server) == 1 ? "" : "s";
	bool is_v6 = server->addr.family == 6;
	char text[ADDR_TEXT];

	addr_format(server->addr, text, sizeof(text));
	fprintf(out, "%" PRIu64 " failed connect%s to %s%s%s:%u", failed(server), plural,
		is_v6 ? "[" : "", text, is_v6 ? "]" : "", server->port);
}

static void
print(const struct connects *connects, const struct connects_server *const *sorted, FILE *out,
      const char *separator)
{
	uint64_t others = connects->others_failed;
	size_t i = 0;

	for (; i < connects->count && i < CONNECTS_NAMED && failed(sorted[i]) > 0; i++) {
		fputs(i ? separator : "", out);
		print_server(out, sorted[i]);
	}
	for (size_t j = i; j < connects->count; j++)
		others += failed(sorted[j]);
	if (others)
		fprintf(out, "%s%" PRIu64 " failed connects to other servers", i ? separator : "",
			others);
}

char *
connects_format(const struct connects *connects, const char *separator)
{
	const struct connects_server **sorted = malloc((connects->count + 1) * sizeof(*sorted));
	char *text = NULL;
	size_t size;
	FILE *out = sorted ? open_memstream(&text, &size) : NULL;

	if (!out) {
		free(sorted);
		return NULL;
	}
	for (size_t i = 0; i < connects->count; i++)
		sorted[i] = &connects->servers[i];
	qsort(sorted, connects->count, sizeof(*sorted), compare_failed);
	print(connects, sorted, out, separator);
	free(sorted);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
