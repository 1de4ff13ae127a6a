#include "controller/engine_id.h"
#include "tap.h"

#include <string.h>

static void
counts_on(void)
{
	char next[SPOOL_ID_MAX] = "unchanged";

	ok(!spool_id_next("a.20260101_000000-9", 9, next) && strcmp(next, "unchanged") == 0,
	   "the last number");
	ok(spool_id_next("a.20260101_000000", 9, next) && strcmp(next, "a.20260101_000000-2") == 0,
	   "the second");
	ok(spool_id_next(next, 9, next) && strcmp(next, "a.20260101_000000-3") == 0,
	   "in its place");
	ok(spool_id_next("a.20260101_000000-2.20260101_000000-998", SPOOL_ID_NUMBER_MAX, next) &&
	       strcmp(next, "a.20260101_000000-2.20260101_000000-999") == 0,
	   "of a service that is called as an id");
}

static void
believes_ids_alone(void)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;

	strcpy(entry.id, "a.20260101_000000");
	ok(strcmp(engine_id(&entry, "lb1"), entry.id) == 0, "its own");
	keyval_add(&entry.facts, "known-as", "lb1 a.20260101_000000-2");
	keyval_add(&entry.facts, "known-as", "lb1 a.20260101_000000-3");
	keyval_add(&entry.facts, "known-as", "lb2 ../../etc");
	keyval_add(&entry.facts, "known-as", "lb3");
	ok(strcmp(engine_id(&entry, "lb1"), "a.20260101_000000-3") == 0, "the last line counts");
	ok(strcmp(engine_id(&entry, "lb"), entry.id) == 0, "another engine");
	ok(strcmp(engine_id(&entry, "lb2"), entry.id) == 0, "no id");
	ok(strcmp(engine_id(&entry, "lb3"), entry.id) == 0, "nothing");
	ok(!engine_id_of_ring(&entry, "lb1"), "no snapshot");
	keyval_add(&entry.facts, "snapshot-of", "a.20251231_000000");
	ok(strcmp(engine_id_of_ring(&entry, "lb1"), "a.20251231_000000") == 0, "the ring's own");
	keyval_add(&entry.facts, "ring-known-as", "lb1 a.20251231_000000-2");
	ok(strcmp(engine_id_of_ring(&entry, "lb1"), "a.20251231_000000-2") == 0,
	   "the ring's there");
	keyval_release(&entry.facts);
}

int
main(void)
{
	counts_on();
	believes_ids_alone();
	return done_testing();
}
