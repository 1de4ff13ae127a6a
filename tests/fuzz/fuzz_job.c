/* The parts of a job: together no longer than what was read. */
#include "capture/job.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct job job = {0};
	struct failure why;
	size_t used = 0;

	must(job_parse(&job, text, &why) == 0);
	used += job.filter ? strlen(job.filter) : 0;
	used += job.service ? strlen(job.service) : 0;
	used += job.specs ? strlen(job.specs) : 0;
	/* A line that lacks its end gets one. */
	must(used <= size + 3);
	job_release(&job);
	free(text);
	return 0;
}
