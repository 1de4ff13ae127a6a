/*
 * A ring by time keeps what it says, however often it is rotated, and leaves no file behind; what the
 * clock of the day does is nothing to it.
 */
#include "capture/rotation.h"
#include "capture/runfiles.h"
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND NS_PER_SECOND

static char path[64] = "/tmp/rotation.XXXXXX/ring";
static struct rundir dir = RUNDIR_INIT;

/* Files in the directory, and the number of the oldest one. */
static unsigned
count_files(uint64_t *oldest)
{
	DIR *entries = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;
	uint64_t number;

	*oldest = UINT64_MAX;
	while ((entry = readdir(entries)))
		if (sscanf(entry->d_name, "core-3.%" SCNu64 ".pcapng", &number) == 1) {
			count++;
			if (number < *oldest)
				*oldest = number;
		}
	closedir(entries);
	return count;
}

static void
add_headers(struct rotation *rotation)
{
	const char *const comments[] = {"complete-since 00000000000000000000", NULL};

	pcapng_write_section(&rotation->headers, PCAPNG_END_PROMISED, "x", "y", "z", comments, NULL,
			     0);
}

static struct rotation
begin(int64_t rolling_ns, struct diskquota *quota)
{
	struct rotation rotation = ROTATION_INIT;
	struct failure why;

	rotation.dir = &dir;
	rotation.core = 3;
	rotation.rolling_ns = rolling_ns;
	rotation.boot_ns = 100 * SECOND;
	rotation.quota = quota;
	add_headers(&rotation);
	if (rundir_create(&dir, path, &why) < 0 || rotation_open(&rotation, &why) < 0)
		ok(false, "opened: %s", why.text);
	return rotation;
}

static void
end(struct rotation *rotation)
{
	rotation_end(rotation, NULL, 0);
	rotation_release(rotation);
	rundir_discard(&dir);
}

/* Rotates when it is due, as an output does, from one moment to another. */
static unsigned
roll_to(struct rotation *rotation, int64_t until, int64_t step)
{
	unsigned rotations = 0;

	for (; rotation->boot_ns < until; rotation->boot_ns += step)
		if (rotation_is_due(rotation)) {
			rotations += rotation_next(rotation, NULL, 0) == 0;
			rotation_expire(rotation);
		}
	return rotations;
}

static void
many_rotations(void)
{
	struct rotation rotation = begin(8 * SECOND, NULL);
	unsigned rotations = roll_to(&rotation, 10901 * SECOND, SECOND / 4), count;
	uint64_t oldest;

	ok(rotations == 10800, "a file a second: %u", rotations);
	count = count_files(&oldest);
	ok(count >= 9 && count <= 10, "of 8 s: %u files", count);
	ok(oldest + count - 1 == rotation.newest, "the newest ones");
	ok(rotation.kept.count == count, "and these are known");
	end(&rotation);
}

/* The oldest file there has what is 8 s old. */
static void
keeps_enough(void)
{
	struct rotation rotation = begin(8 * SECOND, NULL);
	bool keeps = true;

	for (int64_t until = 101 * SECOND; until < 150 * SECOND; until += SECOND / 3) {
		roll_to(&rotation, until, SECOND / 10);
		if (rotation.kept.oldest > 0 &&
		    keptfiles_get(&rotation.kept, rotation.kept.oldest)->begun_boot >
			rotation.boot_ns - 8 * SECOND)
			keeps = false;
	}
	ok(keeps, "nothing younger than its time goes");
	end(&rotation);
}

/* An hour is kept in files of a minute, and a pause of the host removes all but the newest. */
static void
long_time(void)
{
	struct rotation rotation = begin(3600 * SECOND, NULL);
	uint64_t oldest;

	roll_to(&rotation, 7300 * SECOND, SECOND);
	ok(count_files(&oldest) <= 62, "an hour in minutes");
	rotation.boot_ns += 100000 * SECOND;
	rotation_next(&rotation, NULL, 0);
	rotation_expire(&rotation);
	ok(count_files(&oldest) == 2, "what was before a day's sleep goes");
	end(&rotation);
}

/* A quota of which nothing is left: the headers are written all the same. */
static void
no_room(void)
{
	struct diskquota quota;
	struct failure why;
	struct rotation rotation;
	uint64_t oldest;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	if (diskquota_init(&quota, tmp, 4096, 0, 4096, &why) < 0)
		ok(false, "%s", why.text);
	rotation = begin(8 * SECOND, &quota);
	roll_to(&rotation, 120 * SECOND, SECOND / 4);
	rotation_shed(&rotation);
	ok(count_files(&oldest) == 1 && oldest == rotation.newest, "shed to the newest file");
	ok(rotation_next(&rotation, NULL, 0) == 0, "which is followed by another");
	end(&rotation);
	ok(quota.used < 2 * 4096, "and what went is given back: %llu",
	   (unsigned long long)quota.used);
	close(tmp);
}

/* A ring with names of its own: they are those of a capture's files, too, which go with it. */
static void
other_names(void)
{
	struct rotation rotation = begin(8 * SECOND, NULL);
	char first[128];

	rotation_release(&rotation);
	rundir_discard(&dir);
	rotation = (struct rotation){.fd = -1,
				     .writer = FILEWRITER_INIT,
				     .dir = &dir,
				     .stem = "dropped",
				     .rolling_ns = 8 * SECOND,
				     .boot_ns = 100 * SECOND};
	add_headers(&rotation);
	if (rundir_create(&dir, path, NULL) < 0 || rotation_open(&rotation, NULL) < 0)
		ok(false, "opened");
	snprintf(first, sizeof(first), "%s/dropped.0.pcapng", path);
	ok(access(first, F_OK) == 0, "a name of its own");
	ok(runfiles_size(dir.fd) == rotation.writer.size, "and its bytes count");
	roll_to(&rotation, 120 * SECOND, SECOND / 4);
	ok(access(first, F_OK) < 0, "it goes as others do");
	end(&rotation);
}

int
main(void)
{
	*strrchr(path, '/') = '\0';
	if (!mkdtemp(path))
		return 1;
	strcat(path, "/ring");
	many_rotations();
	keeps_enough();
	long_time();
	no_room();
	other_names();
	*strrchr(path, '/') = '\0';
	ok(rmdir(path) == 0, "nothing is left");
	return done_testing();
}
