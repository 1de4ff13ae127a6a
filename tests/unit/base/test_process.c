/* What a process keeps of its descriptors. */
#include "base/process.h"

#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 64

static bool
is_nowhere(int fd)
{
	struct stat st, nowhere;

	return stat("/dev/null", &nowhere) == 0 && fstat(fd, &st) == 0 &&
	       st.st_rdev == nowhere.st_rdev;
}

/* In a child with many descriptors: 0 if those that are wanted are left, and no other. */
static int
keep(const int *wanted, size_t count)
{
	struct failure why;

	while (dup(STDIN_FILENO) < MOST)
		;
	if (process_keep(wanted, count, &why) < 0)
		return 1;
	for (int fd = 0; fd <= MOST; fd++) {
		bool is_wanted = false, is_open = fcntl(fd, F_GETFD) >= 0;

		for (size_t i = 0; i < count; i++)
			is_wanted |= wanted[i] == fd;
#ifdef __SANITIZE_ADDRESS__
		is_wanted |= fd == STDERR_FILENO;
#endif
		if (is_wanted ? !is_open : fd > STDERR_FILENO ? is_open : !is_nowhere(fd))
			return 2;
		if (is_wanted && fd <= STDERR_FILENO && is_nowhere(fd))
			return 3;
	}
	return 0;
}

static void
keeps(const int *wanted, size_t count, const char *name)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(keep(wanted, count));
	waitpid(child, &status, 0);
	ok(status == 0, "%s: %d", name, status);
}

int
main(void)
{
	int ends[2];

	/* Not what they may be already. */
	if (pipe(ends) < 0 || dup2(ends[0], STDIN_FILENO) < 0)
		return 1;
	keeps((const int[]){40, 7, 9, 8}, 4, "some, in any order");
	keeps((const int[]){3}, 1, "the first");
	keeps((const int[]){0, MOST}, 2, "one of the standard ones, and the last");
	keeps(NULL, 0, "none");
	return done_testing();
}
