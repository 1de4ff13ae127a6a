#include "base/clock.h"
#include "capture/rundir.h"
#include "capture/runlist.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY   (24 * 3600)
#define NAME  "shop.20260101_000000.lb1"
#define OLD   (RUNDIR_KEPT_S + DAY) /* seconds ago */
#define ENDED "state done\nbytes 7\n"

static char printed[4096];

__attribute__((format(printf, 1, 2))) static void
print(const char *format, ...)
{
	const size_t used = strlen(printed);
	va_list args;

	va_start(args, format);
	vsnprintf(printed + used, sizeof(printed) - used, format, args);
	va_end(args);
}

static void
put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void
set_age(const char *path, time_t seconds)
{
	const time_t then = time(NULL) - seconds;
	const struct timespec times[] = {{.tv_sec = then}, {.tv_sec = then}};

	utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

/* A capture whose status has these lines (NULL: no status), was written that long ago, and says that
 * it expires that long ago. */
static void
make(const char *name, const char *lines, time_t age, time_t expired)
{
	char path[512], text[512];

	mkdir(name, 0700);
	snprintf(path, sizeof(path), "%s/token", name);
	put(path, "0123456789abcdef");
	snprintf(path, sizeof(path), "%s/core-0.pcapng", name);
	put(path, "packets");
	snprintf(path, sizeof(path), "%s/status", name);
	if (lines) {
		snprintf(text, sizeof(text), "%sexpires %lld.000000000\n", lines,
			 (long long)(time(NULL) - expired));
		put(path, text);
		set_age(path, age);
	}
	set_age(name, age);
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Whether that capture, or what it was made to, is removed; removes it if not. */
static bool
expires(const char *keep)
{
	*printed = '\0';
	runlist_expire(".", keep, print);
	if (!exists(NAME "/core-0.pcapng"))
		return true;
	if (system("rm -r " NAME) != 0)
		exit(1);
	return false;
}

static void
what_has_expired_is_removed(void)
{
	make(NAME, ENDED, OLD, DAY);
	ok(expires(NULL), "over by its status and by its age");
	ok(strncmp(printed, "removed './" NAME "', which expired on 20", 40) == 0,
	   "which is said: %s", printed);
	make(NAME, "state running\n", OLD, DAY);
	ok(expires(NULL), "one that was killed");
	make(NAME, NULL, OLD, 0);
	ok(expires(NULL), "one whose removal was interrupted");
	make("shop.20260101_000000-2.lb1", ENDED, OLD, DAY);
	runlist_expire(".", NULL, print);
	ok(!exists("shop.20260101_000000-2.lb1"), "the second of a second");
}

/* Break: lib/capture/runlist.c s/last == 0 || last >= before/last == 0/ */
static void
what_has_not_is_left(void)
{
	const char *other = "keep";
	int fd;

	make(NAME, ENDED, DAY, DAY);
	ok(!expires(NULL), "a status that says so, but was written just now");
	make(NAME, ENDED, OLD, -DAY);
	ok(!expires(NULL), "a time that is to come");
	make(NAME, NULL, DAY, 0);
	ok(!expires(NULL), "no status yet");
	make(NAME, ENDED, OLD, DAY);
	ok(!expires(NAME), "the one that was asked for");
	make(NAME, ENDED, OLD, DAY);
	fd = open(NAME, O_RDONLY | O_DIRECTORY);
	flock(fd, LOCK_EX);
	ok(!expires(NULL), "a lock is held");
	close(fd);
	make(NAME, ENDED, OLD, DAY);
	chmod(NAME, 0770);
	ok(!expires(NULL), "others may write to it");
	make(NAME, ENDED, OLD, DAY);
	put(NAME "/notes", "mine");
	ok(!expires(NULL) && !*printed, "a file of somebody's in it");
	make(NAME, NULL, OLD, 0);
	unlink(NAME "/token");
	set_age(NAME, OLD);
	ok(!expires(NULL), "not vcap-run's");
	make(other, ENDED, OLD, DAY);
	ok(symlink(other, NAME) == 0 && !expires(NULL) && exists("keep/status"),
	   "a link, and one that is not called as captures are");
	if (geteuid() != 0) {
		ok(true, "another user's # SKIP needs root");
		return;
	}
	make(NAME, ENDED, OLD, DAY);
	ok(chown(NAME, 4711, 4711) == 0 && !expires(NULL), "another user's");
}

static void
captures_are_listed(void)
{
	char *text = NULL;
	struct failure why;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	long long written = 0, seconds = 0;
	char line[256];

	if (system("rm -r keep") != 0)
		exit(1);
	make(NAME, "state done\nby ada, from 192.0.2.1\n", 0, -2 * RUNDIR_KEPT_S);
	mkdir("nothing", 0700);
	mkdir(" -x", 0700);
	*printed = '\0';
	written = time(NULL) + 2 * RUNDIR_KEPT_S;
	ok(runlist_write(".", "capture", 1, out, print, &why) == 0 && !*printed, "a list");
	fflush(out);
	snprintf(line, sizeof(line), "capture " NAME " 0123456789abcdef done 7 ");
	ok(strncmp(text, line, strlen(line)) == 0 &&
	       sscanf(text + strlen(line), "%lld.000000000 %255[^\n]", &seconds, line) == 2 &&
	       llabs(seconds - written) < 100 && strcmp(line, "ada, from 192.0.2.1") == 0,
	   "a capture in it: %s", text);
	make("shop", "state running\n", 0, 0);
	ok(runlist_write(".", NULL, 1, out, print, &why) == 0 &&
	       strcmp(printed, "'.' has more captures than are listed") == 0,
	   "more than are listed: %s", printed);
	ok(runlist_write("./none", NULL, 1, out, print, &why) == 0, "no such directory");
	ok(runlist_write("shop/token", NULL, 1, out, print, &why) < 0, "no directory");
	fclose(out);
	free(text);
}

int
main(void)
{
	char directory[] = "/tmp/test_runlist.XXXXXX", command[64];

	if (!mkdtemp(directory) || chdir(directory) < 0)
		return 1;
	what_has_expired_is_removed();
	what_has_not_is_left();
	captures_are_listed();
	snprintf(command, sizeof(command), "rm -r %s", directory);
	if (chdir("/") < 0 || system(command) != 0)
		return 1;
	return done_testing();
}
