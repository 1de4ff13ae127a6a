/*
 * alternate [-n ROUNDS] NAME=COMMAND NAME=COMMAND... [-- NAME=COMMAND...]
 *
 * Times shell commands in turn (A B C A B C ...), one round to warm up and ROUNDS that count, so
 * that a machine whose speed drifts slows all of them alike. Prints for each its wall time (median,
 * least, most), processor time and peak memory, and the median of the ratios of the first command's
 * wall time to its own, round by round: above 1, it was faster than the first. After -- another
 * command is the first; they all take turns.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, ROUNDS_MAX = 101 };

struct run {
	double wall, cpu; /* seconds */
	long peak;        /* KiB */
};

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct run
time_once(const char *name, const char *command)
{
	struct rusage usage;
	double start = now();
	struct run run;
	pid_t child = fork();
	int status;

	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		perror("alternate");
		exit(1);
	}
	run.wall = now() - start;
	run.cpu = seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
	run.peak = usage.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "alternate: '%s' failed: %s\n", name, command);
		exit(1);
	}
	return run;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), ascending);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void
print_row(const char *name, const struct run *runs, const struct run *first, int rounds)
{
	double wall[ROUNDS_MAX] = {0}, cpu[ROUNDS_MAX] = {0}, ratio[ROUNDS_MAX] = {0};
	double middle;
	long peak = 0;

	for (int i = 0; i < rounds; i++) {
		wall[i] = runs[i].wall;
		cpu[i] = runs[i].cpu;
		ratio[i] = first[i].wall / runs[i].wall;
		if (runs[i].peak > peak)
			peak = runs[i].peak;
	}
	middle = median(wall, rounds);
	printf("%-24s %8.3f %8.3f %8.3f %8.3f %8.2f %8.1f\n", name, middle, wall[0],
	       wall[rounds - 1], median(cpu, rounds), median(ratio, rounds), (double)peak / 1024);
}

int
main(int argc, char **argv)
{
	static struct run runs[COMMANDS_MAX][ROUNDS_MAX];
	const char *names[COMMANDS_MAX], *commands[COMMANDS_MAX];
	int rounds = 5, count = 0, first[COMMANDS_MAX] = {0};

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		rounds = atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	for (int i = 1, base = 0; i < argc && count < COMMANDS_MAX; i++) {
		if (strcmp(argv[i], "--") == 0) {
			base = count;
			continue;
		}
		first[count] = base;
		names[count] = strsep(&argv[i], "=");
		commands[count] = argv[i] ? argv[i] : names[count];
		count++;
	}
	if (count < 1 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: alternate [-n rounds] name=command ... [-- ...]\n");
		return 2;
	}
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			struct run run = time_once(names[i], commands[i]);

			if (round >= 0)
				runs[i][round] = run;
		}
	printf("%-24s %8s %8s %8s %8s %8s %8s\n", "", "wall s", "least", "most", "cpu s", "ratio",
	       "MiB");
	for (int i = 0; i < count; i++)
		print_row(names[i], runs[i], runs[first[i]], rounds);
	return 0;
}
