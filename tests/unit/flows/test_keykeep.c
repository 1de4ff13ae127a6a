/* Which keys a capture keeps, for how long they wait, and how the files of a rolling one take turns. */
#include "../tap.h"
#include "flows/keykeep.h"
#include "flows/keywait.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static struct tlskey
key_of(unsigned char number)
{
	return (struct tlskey){.size = 48, .random = {number}, .secret = {number}};
}

/* The numbers of the keys in a file, as letters. */
static const char *
keys_in(int fd)
{
	static char text[4096], numbers[64];
	struct tlskeys keys;
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
	size_t count = 0;

	text[size > 0 ? size : 0] = '\0';
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (tlskey_parse(&keys, line) == TLSKEY_GOOD && keys.count == 1)
			numbers[count++] = (char)('a' + keys.list[0].random[0]);
	numbers[count] = '\0';
	return numbers;
}

static void
open_files(void)
{
	char names[2][32] = {"/tmp/keykeep.XXXXXX", "/tmp/keykeep.XXXXXX"};
	int first = fcntl(mkstemp(names[0]), F_DUPFD, 10);
	int second = fcntl(mkstemp(names[1]), F_DUPFD, 10);

	dup2(first, KEYKEEP_FD);
	dup2(second, KEYKEEP_OLD);
	close(first);
	close(second);
	unlink(names[0]);
	unlink(names[1]);
}

static void
take(struct keykeep *keep, unsigned char number, int64_t now_ns)
{
	const struct tlskey key = key_of(number);

	keykeep_key(keep, &key, now_ns);
}

static void
hello(struct keykeep *keep, unsigned char number)
{
	const struct tlskey key = key_of(number);

	keykeep_hello(keep, key.random);
}

static void
test_hellos(void)
{
	struct keykeep keep = KEYKEEP_INIT;
	struct failure why;

	open_files();
	ok(keykeep_open(&keep, "0", 0, &why) == 0, "opens");
	take(&keep, 0, 0);
	hello(&keep, 1);
	is_str(keys_in(KEYKEEP_FD), "", "no key without its hello");
	take(&keep, 1, 1);
	hello(&keep, 0);
	is_str(keys_in(KEYKEEP_FD), "ba", "a key behind its hello, and one before");
	take(&keep, 2, 0);
	take(&keep, 3, 10 * SECOND);
	keykeep_tick(&keep, 301 * SECOND);
	hello(&keep, 2);
	hello(&keep, 3);
	is_str(keys_in(KEYKEEP_FD), "bad", "a key waits for five minutes");
	keykeep_release(&keep);
}

static void
test_turns(void)
{
	struct keykeep keep = KEYKEEP_INIT;
	struct failure why;

	open_files();
	keep.rolling_ns = 10 * SECOND;
	keykeep_open(&keep, "0", 0, &why);
	for (unsigned char i = 0; i < 6; i++)
		hello(&keep, i);
	take(&keep, 0, 1 * SECOND);
	keykeep_tick(&keep, 9 * SECOND);
	take(&keep, 1, 9 * SECOND);
	keykeep_tick(&keep, 11 * SECOND);
	take(&keep, 2, 12 * SECOND);
	is_str(keys_in(KEYKEEP_FD), "ab", "the first period's keys");
	is_str(keys_in(KEYKEEP_OLD), "c", "the second's are in the other file");
	keykeep_tick(&keep, 22 * SECOND);
	take(&keep, 3, 22 * SECOND);
	is_str(keys_in(KEYKEEP_FD), "d", "the third's take the place of the first's");
	is_str(keys_in(KEYKEEP_OLD), "c", "and those of the last period are there");
	keykeep_release(&keep);
}

static void
test_full(void)
{
	struct keykeep keep = KEYKEEP_INIT;
	struct failure why;

	open_files();
	keykeep_open(&keep, "0", 0, &why);
	keep.reserve = UINT64_MAX;
	hello(&keep, 0);
	take(&keep, 0, 0);
	is_str(keys_in(KEYKEEP_FD), "", "nothing is written where the disk is at its reserve");
	keykeep_release(&keep);
	close(KEYKEEP_FD);
	ok(keykeep_open(&keep, "0", 0, &why) < 0, "without a file it cannot be opened");
	ok(keykeep_open(&keep, "many", 0, &why) < 0, "nor with what is no size");
}

int
main(void)
{
	test_hellos();
	test_turns();
	test_full();
	return done_testing();
}
