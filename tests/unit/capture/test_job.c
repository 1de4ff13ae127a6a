#include "capture/job.h"
#include "tap.h"

#include <unistd.h>

static void
is_job(const char *text, const char *filter, const char *service, const char *specs)
{
	struct job job;
	struct failure why;

	if (!ok(job_parse(&job, text, &why) == 0, "parses"))
		return;
	is_str(job.filter, filter, "filter");
	is_str(job.service, service, "service");
	is_str(job.specs, specs, "specs");
	job_release(&job);
}

int
main(void)
{
	struct job job;
	struct failure why;
	int fds[2];

	is_job("1\n6 0 0 1\n\nvip 192.0.2.1\n\n10.0.0.1\n\n", "1\n6 0 0 1\n", "vip 192.0.2.1\n",
	       "10.0.0.1\n");
	is_job("1\n6 0 0 1\n\nvip 192.0.2.1\n\n10.0.0.1", "1\n6 0 0 1\n", "vip 192.0.2.1\n",
	       "10.0.0.1");
	is_job("\n\n10.0.0.1\n", "", "", "10.0.0.1\n");
	is_job("1\n6 0 0 1\n", "1\n6 0 0 1\n", "", "");
	is_job("", "", "", "");
	is_job("\n\n\nmore\n", "", "", "");

	/* A complete job is enough: its sender may keep the pipe open. */
	ok(pipe(fds) == 0 && write(fds[1], "a\n\nb\n\nc\n\n", 9) == 9, "a pipe that stays open");
	ok(job_read(&job, fds[0], 0, &why) == 0, "is read no further than its job");
	is_str(job.specs, "c\n", "and has all of it");
	job_release(&job);
	ok(job_read(&job, fds[0], 10000000, &why) < 0, "a sender that is silent is given up");
	ok(strstr(why.text, "silent"), "and said to be");
	ok(write(fds[1], "a\0b", 3) == 3 && job_read(&job, fds[0], 0, &why) < 0,
	   "a NUL is refused");
	close(fds[1]);
	ok(job_read(&job, fds[0], 0, &why) < 0 && strstr(why.text, "ended"),
	   "a sender that ends without a byte has not asked for everything");
	return done_testing();
}
