#include "controller/vipmoves.h"

#include "base/datetime.h"
#include "base/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More are not told of: nobody reads them. */
#define MOVES_MAX 8

struct move {
	int64_t at_ns;
	struct addr vip;
	bool is_coming;
};

static bool
is_vip(const struct service *service, struct addr addr)
{
	for (size_t i = 0; i < service->vip_count; i++) {
		const struct endpoint *vip = &service->vips[i];

		if (vip->family == addr.family && vip->addresses.first <= addr.value &&
		    addr.value <= vip->addresses.last)
			return true;
	}
	return false;
}

/* Reads `TIME came|went INTERFACE ADDRESS`. False: it is something else. */
static bool
read_move(const char *value, struct move *move)
{
	char when[40], what[8], interface[32], address[64];

	if (sscanf(value, "%39s %7s %31s %63s", when, what, interface, address) != 4)
		return false;
	move->is_coming = strcmp(what, "came") == 0;
	return (move->is_coming || strcmp(what, "went") == 0) &&
	       parse_offset(when, &move->at_ns, NULL) == 0 && move->at_ns >= 0 &&
	       addr_parse(&move->vip, address, NULL) == 0;
}

/* Keeps the last move of each VIP. */
static void
keep(struct move *moves, size_t *count, const struct move *move)
{
	size_t i = 0;

	while (i < *count &&
	       (moves[i].vip.family != move->vip.family || moves[i].vip.value != move->vip.value))
		i++;
	if (i == MOVES_MAX || (i < *count && moves[i].at_ns > move->at_ns))
		return;
	moves[i] = *move;
	*count += i == *count;
}

char *
vipmoves_note(const struct keyval *state, const struct service *service)
{
	struct move moves[MOVES_MAX], move;
	size_t count = 0, size;
	char *text = NULL, addr[64], when[DATETIME_TEXT];
	FILE *out;

	for (size_t i = 0; i < state->count; i++)
		if (strncmp(state->pairs[i].key, "change-", 7) == 0 &&
		    read_move(state->pairs[i].value, &move) && is_vip(service, move.vip))
			keep(moves, &count, &move);
	out = count ? open_memstream(&text, &size) : NULL;
	for (size_t i = 0; out && i < count; i++)
		fprintf(out, "%sthe VIP %s %s at %s", i ? "; " : "",
			addr_format(moves[i].vip, addr, sizeof(addr)),
			moves[i].is_coming ? "came" : "went",
			datetime_format(moves[i].at_ns, when));
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
