#include "packet/sessionkeys.h"

#include "base/array.h"
#include "packet/clienthello.h"
#include "packet/helloset.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Sessions of a file: more than that, and the first ones have no keys. */
#define HELLOS_MOST (1u << 22)

/* The mark of a hello that has a key. */
enum { UNKEYED, KEYED };

struct sessionkeys {
	struct clienthello *finder;
	struct helloset hellos;
	struct tlskey *list; /* heap, array_grow */
	size_t count;
	uint64_t keyed;
};

struct sessionkeys *
sessionkeys_new(struct failure *why)
{
	struct sessionkeys *keys = calloc(1, sizeof(*keys));
	struct siphash_key secret;

	if (!keys || getrandom(&secret, sizeof(secret), 0) != sizeof(secret)) {
		free(keys);
		failure_errno(why, "cannot look for TLS sessions");
		return NULL;
	}
	keys->hellos = HELLOSET_INIT(secret, HELLOS_MOST);
	keys->finder = clienthello_new(secret, why);
	if (keys->finder)
		return keys;
	sessionkeys_free(keys);
	return NULL;
}

void
sessionkeys_free(struct sessionkeys *keys)
{
	if (!keys)
		return;
	clienthello_free(keys->finder);
	helloset_release(&keys->hellos);
	if (keys->list)
		explicit_bzero(keys->list, keys->count * sizeof(*keys->list));
	free(keys->list);
	free(keys);
}

int
sessionkeys_see(struct sessionkeys *keys, const struct packet *packet, uint16_t linktype)
{
	unsigned char random[TLSKEY_RANDOM];

	if (!clienthello_see(keys->finder, packet, linktype, random))
		return 0;
	return helloset_add(&keys->hellos, random) < 0 ? -1 : 0;
}

static int
add(struct sessionkeys *keys, const struct tlskey *key)
{
	struct helloset_entry *hello = helloset_find(&keys->hellos, key->random);

	if (!hello)
		return 0;
	if (array_grow(&keys->list, keys->count, sizeof(*keys->list)) < 0)
		return -1;
	keys->list[keys->count++] = *key;
	if (tlskey_opens(key) && hello->mark == UNKEYED) {
		hello->mark = KEYED;
		keys->keyed++;
	}
	return 0;
}

int
sessionkeys_read(struct sessionkeys *keys, FILE *in, struct failure *why)
{
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (rc == 0 && getline(&line, &room, in) >= 0) {
		struct tlskeys found;

		if (tlskey_parse(&found, line) != TLSKEY_GOOD)
			continue;
		for (size_t i = 0; rc == 0 && i < found.count; i++)
			rc = add(keys, &found.list[i]);
	}
	if (rc < 0)
		failure_nomem(why);
	else if (ferror(in))
		rc = failure_errno(why, "cannot read the keys");
	if (line)
		explicit_bzero(line, room);
	free(line);
	return rc;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct tlskey *x = a, *y = b;
	int order = memcmp(x->random, y->random, sizeof(x->random));

	if (order == 0 && x->label != y->label)
		order = x->label < y->label ? -1 : 1;
	if (order == 0 && x->size != y->size)
		order = x->size < y->size ? -1 : 1;
	return order ? order : memcmp(x->secret, y->secret, x->size);
}

int
sessionkeys_print(struct sessionkeys *keys, FILE *out)
{
	char line[TLSKEY_LINE];

	if (keys->count)
		qsort(keys->list, keys->count, sizeof(*keys->list), compare_keys);
	for (size_t i = 0; i < keys->count; i++) {
		if (i && compare_keys(&keys->list[i - 1], &keys->list[i]) == 0)
			continue;
		tlskey_print(&keys->list[i], line);
		fputs(line, out);
	}
	explicit_bzero(line, sizeof(line));
	return ferror(out) ? -1 : 0;
}

struct sessionkeys_count
sessionkeys_count(const struct sessionkeys *keys)
{
	return (struct sessionkeys_count){keys->hellos.count + keys->hellos.evicted, keys->keyed};
}
