#include "base/fileio.h"
#include "base/outfile.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/vcap-test-XXXXXX";

static bool
holds(const char *path, const char *wanted)
{
	struct failure why = FAILURE_INIT;
	int fd = open(path, O_RDONLY);
	char *text = NULL;
	size_t size = 0;
	bool same = fd >= 0 && fileio_slurp(fd, 100, path, &text, &size, &why) == 0 &&
		    strcmp(text, wanted) == 0;

	free(text);
	if (fd >= 0)
		close(fd);
	return same;
}

static bool
folder_is_empty(void)
{
	return rmdir(folder) == 0 && mkdir(folder, 0700) == 0 && chdir(folder) == 0;
}

static void
complete_or_absent(void)
{
	struct outfile out = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;

	ok(outfile_open(&out, "x", &why) == 0 && fileio_write_all(out.fd, "one", 3) == 0,
	   "opens and writes");
	ok(access("x", F_OK) < 0, "the name is absent while it is written");
	ok(outfile_commit(&out, &why) == 0 && holds("x", "one"), "complete after the commit");

	ok(outfile_open(&out, "x", &why) == 0 && fileio_write_all(out.fd, "two", 3) == 0, "again");
	ok(holds("x", "one"), "the old content stays until the commit");
	outfile_abandon(&out);
	ok(holds("x", "one"), "... and after abandoning");

	ok(outfile_open(&out, "x", &why) == 0 && fileio_write_all(out.fd, "two", 3) == 0 &&
	       outfile_commit_new(&out, &why) < 0 && holds("x", "one"),
	   "commit_new does not overwrite");
	is_str(why.text, "cannot write 'x': File exists", "... and says so");

	ok(symlink("x", "link") == 0 && outfile_open(&out, "link", &why) == 0 &&
	       fileio_write_all(out.fd, "two", 3) == 0 && outfile_commit(&out, &why) == 0 &&
	       holds("x", "one") && holds("link", "two"),
	   "a link is replaced, what it points to is untouched");
	unlink("link");
	unlink("x");
	ok(outfile_open(&out, ".", &why) < 0, "a directory is refused");
	ok(outfile_open(&out, "absent/x", &why) < 0, "an absent directory too");
	ok(outfile_open(&out, "/dev/full", &why) == 0 && fileio_write_all(out.fd, "x", 1) < 0 &&
	       errno == ENOSPC,
	   "a device is written in place");
	outfile_abandon(&out);
	ok(access("/dev/full", F_OK) == 0, "... and stays");
	ok(folder_is_empty(), "no temporary file is left");
}

static bool
is_locked(const char *path)
{
	int fd = open(path, O_RDONLY);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

/* What a writer that was killed has left, and what one that is alive writes. */
static void
stale(void)
{
	static const char left[] = ".x.1.tmp", busy[] = ".x.2.tmp", others[] = ".y.1.tmp";
	struct outfile out = OUTFILE_INIT, other = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;
	int fd = open(busy, O_WRONLY | O_CREAT, 0600);

	ok(fd >= 0 && flock(fd, LOCK_EX) == 0 && close(open(left, O_WRONLY | O_CREAT, 0600)) == 0 &&
	       close(open(others, O_WRONLY | O_CREAT, 0600)) == 0,
	   "temporary files");
	ok(outfile_open(&out, "x", &why) == 0, "another writer");
	ok(access(left, F_OK) < 0, "what was left behind is gone");
	ok(access(busy, F_OK) == 0, "what is being written stays");
	ok(access(others, F_OK) == 0, "so does that of another file");
	ok(outfile_open(&other, "y", &why) == 0 && access(others, F_OK) < 0,
	   "until that is written again");
	outfile_abandon(&other);
	ok(is_locked(out.temporary), "its own is locked");
	outfile_abandon(&out);
	close(fd);
	unlink(busy);
	ok(folder_is_empty(), "no temporary file is left");
}

static void
slurping(void)
{
	struct failure why = FAILURE_INIT;
	char *text = NULL;
	size_t size = 0;
	int ends[2];

	ok(pipe(ends) == 0 && fileio_write_all(ends[1], "abcdef", 6) == 0, "a pipe");
	close(ends[1]);
	ok(fileio_slurp(ends[0], 5, "pipe", &text, &size, &why) < 0 && !text,
	   "more than the bound");
	is_str(why.text, "'pipe' is larger than 5 bytes", "... named");
	close(ends[0]);
}

static bool
is_directory(const char *path, mode_t mode)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == mode;
}

static void
directories_with_parents(void)
{
	struct failure why = FAILURE_INIT;
	const mode_t mask = umask(0);

	ok(fileio_make_parents("a//b/c/", 0700, &why) == 0, "parents are made");
	ok(is_directory("a", 0700) && is_directory("a/b", 0700), "... with the mode");
	ok(access("a/b/c", F_OK) < 0, "... without the last component");
	ok(fileio_make_directories("a/b/c", 0755, &why) == 0 && is_directory("a/b/c", 0755) &&
	       is_directory("a/b", 0700),
	   "the last component too; what exists keeps its mode");
	ok(fileio_make_directories("a/b/c", 0755, &why) == 0, "all of it exists already");
	ok(close(open("a/file", O_CREAT | O_WRONLY, 0600)) == 0 &&
	       fileio_make_parents("a/file/x/y", 0700, &why) < 0,
	   "a file is in the way");
	is_str(why.text, "cannot make 'a/file/x': Not a directory", "... and is named");
	unlink("a/file");
	rmdir("a/b/c");
	rmdir("a/b");
	rmdir("a");
	umask(mask);
	ok(folder_is_empty(), "nothing is left");
}

int
main(void)
{
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return 1;
	complete_or_absent();
	stale();
	slurping();
	directories_with_parents();
	rmdir(folder);
	return done_testing();
}
