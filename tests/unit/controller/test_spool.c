#include "controller/engine_state.h"
#include "controller/removal.h"
#include "controller/spool.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/vcap-test-XXXXXX";

static char *
variable(const char *name)
{
	return strcmp(name, "VCAP_SPOOL") == 0 ? folder : NULL;
}

static void
knows_ids(void)
{
	static const char *const good[] = {"a.20260101_000000", "a.b-c_d.20260101_000000",
					   "a.20260101_000000-2", "a.20260101_000000-999",
					   "a.20260101_000000.20260101_000000"};
	static const char *const bad[] = {"",
					  "a",
					  "20260101_000000",
					  ".20260101_000000",
					  "-a.20260101_000000",
					  "a.2026010a_000000",
					  "a.20260101-000000",
					  "a.20260101_0000000",
					  "a.20260101_000000-",
					  "a.20260101_000000-0",
					  "a.20260101_000000-1",
					  "a.20260101_000000-02",
					  "a.20260101_000000-1000",
					  "a.20260101_000000-2x",
					  "a.20260101_00000",
					  "a/b.20260101_000000",
					  "../a.20260101_000000",
					  "a.20260101_000000/",
					  "a.20260101_000000\n",
					  "a b.20260101_000000",
					  "\x1b.20260101_000000"};
	char word[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(spool_id_is_valid(good[i]), "an id: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!spool_id_is_valid(bad[i]), "no id: case %zu", i);
	memset(word, 'a', 64);
	strcpy(word + 64, ".20260101_000000-999");
	ok(spool_id_is_valid(word) && strlen(word) + 1 <= SPOOL_ID_MAX, "the longest");
	memset(word, 'a', 65);
	strcpy(word + 65, ".20260101_000000");
	ok(!spool_id_is_valid(word), "an id that is too long");
}

static void
makes_and_finds(struct spool *spool)
{
	struct keyval facts = KEYVAL_INIT;
	struct spool_entry entry, other;
	struct failure why = FAILURE_INIT;
	char **ids;

	keyval_add(&facts, "engine", "lb1");
	keyval_add(&facts, "engine", "lb2");
	ok(spool_create(spool, "shop", &facts, &entry, &why) == 0, "a capture is made %s",
	   why.text);
	is_str(spool_entry_state_name(&entry), "starting", "its state");
	ok(spool_entry_is_locked(&entry) && !spool_entry_is_over(&entry),
	   "it is locked and unfinished");
	ok(spool_entry_has_engine(&entry, "lb2") && !spool_entry_has_engine(&entry, "lb"),
	   "its engines");
	is_str(spool_entry_token(&entry, "lb1") ? "16 digits" : "none", "16 digits", "its token");
	spool_entry_set_older(&entry, "lb1", &why);
	ok(!spool_entry_token(&entry, "lb1") && spool_entry_token(&entry, "lb2"),
	   "an engine of 0.1.0 knows none");
	ok(spool_create(spool, "sho", &facts, &other, &why) == 0,
	   "it is not an id of another service");
	spool_entry_close(&other);
	ok(spool_find(spool, "shop", &other, &why) == 0 && strcmp(other.id, entry.id) == 0,
	   "found by its service");
	ok(spool_entry_set_state(&entry, CAPTURE_DONE, "", &why) == 0 &&
	       spool_entry_is_over(&entry),
	   "over");
	spool_entry_close(&entry);
	ok(!spool_entry_is_locked(&other), "the lock ends with its holder");
	ok(spool_entry_lock(&other, &why) == 0 && spool_entry_is_over(&other),
	   "a lock brings the facts up to date");
	spool_entry_close(&other);
	ok(spool_create(spool, "shop", &facts, &entry, &why) == 0, "the next one, %s", why.text);
	ok(spool_list(spool, "shop", &ids, &why) == 0 && ids[0] && ids[1] && !ids[2] &&
	       strcmp(ids[0], entry.id) == 0,
	   "both are listed, newest first");
	spool_list_free(ids);
	spool_entry_close(&entry);
}

/* The capture in this state, by a request of the same service. */
static void
refuses_the_same(const struct spool *spool)
{
	static const enum capture_state states[] = {CAPTURE_WAITING, CAPTURE_STARTING,
						    CAPTURE_CAPTURING, CAPTURE_FETCHING,
						    CAPTURE_MERGING};
	struct keyval facts = KEYVAL_INIT, other = KEYVAL_INIT;
	struct spool_entry entry, second, found;
	struct failure why = FAILURE_INIT;

	keyval_set(&facts, "request", "1");
	keyval_set(&other, "request", "1");
	spool_create(spool, "same", &facts, &entry, &why);
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		spool_entry_set_state(&entry, states[i], NULL, &why);
		ok(spool_create(spool, "same", &other, &second, &why) < 0 &&
		       strstr(why.text, entry.id),
		   "the same request is refused while it is %s", spool_entry_state_name(&entry));
	}
	keyval_set(&other, "id", "same.20260101_000000");
	ok(spool_create(spool, "same", &other, &second, &why) == 0, "... unless an id is given");
	ok(spool_find(spool, "same", &found, &why) == SPOOL_SEVERAL && strstr(why.text, entry.id) &&
	       strstr(why.text, second.id),
	   "two of them, by the service: %s", why.text);
	spool_entry_set_state(&second, CAPTURE_PARTIAL, NULL, &why);
	spool_entry_close(&second);
	keyval_set(&other, "request", "2");
	ok(spool_create(spool, "same", &other, &second, &why) == 0, "another request: %s",
	   second.id);
	spool_entry_set_state(&second, CAPTURE_PARTIAL, NULL, &why);
	spool_entry_close(&second);
	spool_entry_set_state(&entry, CAPTURE_PARTIAL, NULL, &why);
	spool_entry_close(&entry);
	keyval_set(&other, "request", "1");
	ok(spool_create(spool, "same", &other, &second, &why) == 0,
	   "the same, once that is over: %s", second.id);
	spool_entry_set_state(&second, CAPTURE_PARTIAL, NULL, &why);
	spool_entry_close(&second);
}

static void
keeps_engines(struct spool *spool)
{
	struct spool_entry entry;
	struct failure why = FAILURE_INIT;
	struct keyval state;
	struct strvec words;
	char *reason;

	spool_find(spool, "sho", &entry, &why);
	keyval_add(&entry.facts, "engine", "lb1");
	keyval_add(&entry.facts, "engine", "lb10");
	reason = engine_state_failure(&entry, "lb1");
	is_str(reason, "its state is unknown", "the reason before any command has run");
	free(reason);
	ok(engine_state_record(&entry, "lb1", "state running\npackets 5\n", "noise\n", 0, &why) ==
	       0,
	   "an answer");
	ok(engine_state_failure(&entry, "lb1") == NULL, "... is not a failure");
	engine_state_record(&entry, "lb1", "", "first\nlast \x1b[0m\n\n", 255, &why);
	reason = engine_state_failure(&entry, "lb1");
	is_str(reason, "not reached: last ?[0m", "the last line is the reason");
	free(reason);
	ok(!engine_state_is_refusal(&entry, "lb1"),
	   "an engine that was not reached did not refuse");
	engine_state_record(&entry, "lb1", "", "vcap-run: no\n", 1, &why);
	ok(engine_state_is_refusal(&entry, "lb1"), "one that says why did");
	engine_state_record(&entry, "lb1", "", "vcap-on: engine 'lb1' did not answer: 'Welcome'\n",
			    1, &why);
	ok(!engine_state_is_refusal(&entry, "lb1"), "one that says something else did not");
	engine_state_record(&entry, "lb1", "", "sh: no such thing\n", 127, &why);
	ok(engine_state_is_refusal(&entry, "lb1"), "so did one without vcap");
	engine_state_load(&entry, "lb1", &state, &why);
	ok(keyval_number(&state, "packets", 0) == 5, "other keys are kept");
	keyval_release(&state);
	engine_state_record(&entry, "lb1", "NOT A LINE", "", 0, &why);
	reason = engine_state_failure(&entry, "lb1");
	ok(reason && strstr(reason, "'NOT A LINE'"), "a malformed answer");
	free(reason);
	ok(engine_state_record(&entry, "../x", "", "", 0, &why) < 0, "an invalid engine's name");
	spool_entry_add_pending(&entry, "lb10", "lost", &why);
	words = spool_entry_participants(&entry);
	ok(words.count == 1 && strcmp(words.list[0], "lb1") == 0,
	   "a missing engine does not participate");
	strvec_release(&words);
	ok(!spool_entry_missing_reason(&entry, "lb1"), "a prefix of a name does not match");
	is_str(spool_entry_missing_reason(&entry, "lb10"), "lost", "... with a reason");
	ok(spool_entry_is_pending(&entry, "lb10") && !spool_entry_is_pending(&entry, "lb1"),
	   "it may have a part all the same");
	spool_entry_clear(&entry, "pending", "lb10");
	ok(!spool_entry_is_pending(&entry, "lb10") && spool_entry_missing_reason(&entry, "lb10"),
	   "it has none");
	spool_entry_drop_missing(&entry, "lb10");
	ok(!spool_entry_missing_reason(&entry, "lb10"), "it takes part again");
	ok(!spool_entry_is_stopping(&entry) && spool_entry_ask_stop(&entry, &why) == 0 &&
	       spool_entry_is_stopping(&entry),
	   "asked to stop");
	spool_entry_set_state(&entry, CAPTURE_FAILED, "x", &why);
	spool_entry_close(&entry);
}

static void
removes(struct spool *spool)
{
	struct spool_entry entry;
	struct failure why = FAILURE_INIT;
	struct strvec left = STRVEC_INIT;
	char **ids, *id;

	spool_find(spool, "sho", &entry, &why);
	id = strdup(entry.id);
	spool_entry_lock(&entry, &why);
	ok(removal_run(spool, id, REMOVAL_IDLE, variable, &left, &why) < 0,
	   "a locked capture is not removed");
	spool_entry_set_state(&entry, CAPTURE_DONE, NULL, &why);
	spool_entry_close(&entry);
	ok(removal_run(spool, id, REMOVAL_IDLE, variable, &left, &why) == 0 && left.count == 0,
	   "removed %s", why.text);
	ok(spool_list(spool, "sho", &ids, &why) == 0 && !*ids, "and gone");
	spool_list_free(ids);
	free(id);
}

int
main(void)
{
	struct spool spool;
	struct failure why = FAILURE_INIT;
	char command[64];

	knows_ids();
	if (!mkdtemp(folder))
		return 1;
	ok(spool_open(&spool, variable, &why) == 0, "a spool is made %s", why.text);
	makes_and_finds(&spool);
	refuses_the_same(&spool);
	keeps_engines(&spool);
	removes(&spool);
	spool_close(&spool);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? done_testing() : 1;
}
