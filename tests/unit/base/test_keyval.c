#include "base/keyval.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
in_memory(void)
{
	struct keyval kv = KEYVAL_INIT;
	struct failure why = FAILURE_INIT;

	ok(keyval_parse(&kv, "state running\n\nempty\ncore-0 packets 5\nstate twice\n", &why) == 0,
	   "parses");
	is_str(keyval_get(&kv, "state"), "running", "the first of two");
	is_str(keyval_get(&kv, "empty"), "", "a key alone");
	is_str(keyval_get(&kv, "core-0"), "packets 5", "a value with blanks");
	is_str(keyval_get(&kv, "absent"), NULL, "an absent key");
	keyval_set(&kv, "state", "%s", "done");
	is_str(keyval_get(&kv, "state"), "done", "set replaces");
	ok(kv.count == 3, "... every one of them");
	keyval_set(&kv, "message", "two\nlines \x1b[0m");
	is_str(keyval_get(&kv, "message"), "two?lines ?[0m", "a value stays one line");
	keyval_set(&kv, "packets", "12");
	ok(keyval_number(&kv, "packets", 7) == 12 && keyval_number(&kv, "state", 7) == 7,
	   "numbers, and what is none");
	ok(keyval_parse(&kv, "good 1\nBAD LINE\n", &why) < 0, "a malformed line is refused");
	is_str(why.text, "line 2 is not 'key value': 'BAD LINE'", "... by its number");
	keyval_release(&kv);
}

static void
on_disk(void)
{
	char folder[] = "/tmp/vcap-test-XXXXXX";
	struct keyval kv = KEYVAL_INIT, back = KEYVAL_INIT;
	struct failure why = FAILURE_INIT;
	struct stat st;
	int dirfd;

	if (!mkdtemp(folder))
		return;
	dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	keyval_set(&kv, "id", "shop.20260101_000000");
	keyval_set(&kv, "spec", "10.0.0.0/8");
	umask(0);
	ok(keyval_store(&kv, dirfd, "capture", &why) == 0, "stores");
	ok(fstatat(dirfd, "capture", &st, 0) == 0 && (st.st_mode & 0777) == 0600,
	   "mode 0600 whatever the umask");
	ok(keyval_load(&back, dirfd, "capture", &why) == 0 && back.count == 2, "loads");
	is_str(keyval_get(&back, "spec"), "10.0.0.0/8", "the same value");
	ok(keyval_load(&back, dirfd, "absent", &why) < 0 && errno == ENOENT, "absent: ENOENT");
	ok(symlinkat("capture", dirfd, "link") == 0 && keyval_load(&back, dirfd, "link", &why) < 0,
	   "a symbolic link is not followed");
	ok(mkfifoat(dirfd, "fifo", 0600) == 0 && keyval_load(&back, dirfd, "fifo", &why) < 0,
	   "a FIFO is refused without waiting for a writer");
	unlinkat(dirfd, "fifo", 0);
	unlinkat(dirfd, "link", 0);
	unlinkat(dirfd, "capture", 0);
	ok(unlinkat(AT_FDCWD, folder, AT_REMOVEDIR) == 0, "no temporary file is left");
	close(dirfd);
	keyval_release(&kv);
	keyval_release(&back);
}

/* Break: lib/base/keyval.c s/most >= VALUE_LEAST/most == KEYVAL_MAX/ */
static void
too_large(void)
{
	enum { LINES = 2000, LONG = 1000 };
	char folder[] = "/tmp/vcap-test-XXXXXX", value[LONG + 1];
	struct keyval kv = KEYVAL_INIT, back = KEYVAL_INIT;
	struct failure why = FAILURE_INIT;
	int dirfd;

	if (!mkdtemp(folder))
		return;
	dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < LONG; i += 2)
		memcpy(value + i, "\xc3\xa9", 2);
	value[LONG] = '\0';
	keyval_set(&kv, "token", "0123456789abcdef");
	for (int i = 0; i < LINES; i++)
		keyval_add(&kv, "missing", "b%s", value);
	ok(keyval_store(&kv, dirfd, "capture", &why) == 0 &&
	       keyval_load(&back, dirfd, "capture", &why) == 0,
	   "what is too large is written so that it can be read");
	is_str(keyval_get(&back, "token"), "0123456789abcdef", "short values are whole");
	ok(back.count == LINES + 1 && strlen(back.pairs[1].value) < LONG &&
	       strlen(back.pairs[1].value) % 2 == 1,
	   "long ones are cut between characters");
	keyval_release(&back);
	for (int i = 0; i < KEYVAL_MAX / 128; i++)
		keyval_add(&kv, "a", "%s", value);
	ok(keyval_store(&kv, dirfd, "capture", &why) < 0 &&
	       keyval_load(&back, dirfd, "capture", &why) == 0,
	   "with too many lines the old file stays");
	unlinkat(dirfd, "capture", 0);
	unlinkat(AT_FDCWD, folder, AT_REMOVEDIR);
	close(dirfd);
	keyval_release(&kv);
	keyval_release(&back);
}

int
main(void)
{
	in_memory();
	on_disk();
	too_large();
	return done_testing();
}
