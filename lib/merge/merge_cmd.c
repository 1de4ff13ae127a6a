#include "merge/merge_cmd.h"

#include "base/lineset.h"
#include "base/priv.h"
#include "merge/merge_live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* As many inputs are worth more threads than one: what is done at a time has to be long. */
#define MANY 256

static void
stop(struct merge_cmd *job)
{
	sides_free(job->sides);
	merge_free(job->merge);
	job->sides = NULL;
	job->merge = NULL;
}

void
merge_cmd_release(struct merge_cmd *job)
{
	stop(job);
	threadpool_free(job->crew);
	inputs_release(&job->inputs);
	for (size_t i = 0; i < job->offset_count; i++)
		free(job->offsets[i].engine);
	free(job->offsets);
	strvec_free(strvec_finish(&job->remarks));
	*job = MERGE_CMD_INIT;
}

int
merge_cmd_offset(struct merge_cmd *job, const char *engine, int64_t ns, struct failure *why)
{
	struct merge_cmd_offset *offsets =
	    realloc(job->offsets, (job->offset_count + 1) * sizeof(*offsets));

	if (!offsets)
		return failure_errno(why, "cannot merge");
	job->offsets = offsets;
	offsets[job->offset_count] = (struct merge_cmd_offset){strdup(engine), ns};
	if (!offsets[job->offset_count].engine)
		return failure_errno(why, "cannot merge");
	job->offset_count++;
	return 0;
}

static int
open_inputs(struct merge_cmd *job, struct failure *why)
{
	return (job->merge_live ? inputs_open_live : inputs_open)(&job->inputs, why);
}

static int
start(struct merge_cmd *job, struct failure *why)
{
	if (inputs_begin(&job->inputs, job->crew, why) < 0)
		return -1;
	job->can_start_over =
	    job->can_start_over && !job->merge_live && inputs_can_be_revisited(&job->inputs);
	job->merge = merge_new(why);
	if (!job->merge || inputs_merge(&job->inputs, job->merge, why) < 0)
		return -1;
	if (job->mixes_linktypes)
		merge_mix_linktypes(job->merge);
	for (size_t i = 0; i < job->offset_count; i++)
		if (merge_offset(job->merge, job->offsets[i].engine, job->offsets[i].ns, why) < 0)
			return -1;
	merge_set_threadpool(job->merge, job->crew);
	if (job->merge_live)
		merge_set_live(job->merge);
	else if (job->can_start_over)
		merge_stop_at_disorder(job->merge);
	else
		merge_sort_inputs(job->merge);
	if (merge_start(job->merge, why) < 0)
		return -1;
	if (job->service)
		job->sides = sides_new(merge_source(job->merge), job->service, why);
	if (job->merge_live)
		merge_live_watch(job->merge_live, &job->inputs, job->merge);
	return job->service && !job->sides ? -1 : 0;
}

/* Whether what is written to the output may be written anew: a file under its temporary name, or
 * the null device. */
static bool
can_write_anew(const char *output)
{
	bool is_stdout = strcmp(output, "-") == 0;
	struct stat st;

	if ((is_stdout ? fstat(STDOUT_FILENO, &st) : stat(output, &st)) < 0)
		return !is_stdout;
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(1, 3);
	return !is_stdout && S_ISREG(st.st_mode);
}

int
merge_cmd_open(struct merge_cmd *job, const char *output, struct failure *why)
{
	job->can_start_over = can_write_anew(output);
	if (open_inputs(job, why) < 0)
		return -1;
	if (inputs_has(&job->inputs, output))
		return failure_set(why, "'%s' is an input and would be overwritten", output);
	return 0;
}

int
merge_cmd_confine(struct merge_cmd *job, const struct outfile *out, struct failure *why)
{
	char **files = inputs_files(&job->inputs);
	int rc = files ? 0 : failure_errno(why, "cannot merge");

	if (rc == 0 && (priv_drop_all(why) < 0 ||
			priv_confine_files(PRIV_ENFORCE, out->dirfd, files, why) < 0))
		rc = -1;
	/* Threads are confined as whoever starts them, who cannot later on. */
	if (rc == 0 && !job->merge_live && job->inputs.count >= MANY)
		rc = threadpool_start(&job->crew, why);
	if (rc == 0)
		rc = priv_confine_calls(PRIV_ENFORCE,
					out->dirfd < 0 ? PRIV_CALLS_STDIO : PRIV_CALLS_OUTPUT,
					*files != NULL, why);
	free(files);
	return rc;
}

int
merge_cmd_start(struct merge_cmd *job, struct failure *why)
{
	return start(job, why);
}

const char *
merge_cmd_unknown_engine(const struct merge_cmd *job)
{
	for (size_t i = 0; i < job->offset_count; i++)
		if (!merge_has_engine(job->merge, job->offsets[i].engine))
			return job->offsets[i].engine;
	return NULL;
}

static int
write_section(struct writer *writer, const struct file_section *said, struct failure *why)
{
	char application[] = "vcap-merge " VCAP_VERSION;
	struct file_section section = *said;

	section.application = application;
	return writer_section(writer, &section, why);
}

/* What is known of the inputs' sections when the first packet is written; of streams nothing. */
static int
write_header(const struct merge_cmd *job, struct writer *writer, struct file_section *said,
	     struct failure *why)
{
	if (inputs_provenance(&job->inputs, !job->merge_live, false, &job->remarks, NULL, said) < 0)
		return failure_errno(why, "cannot merge");
	return write_section(writer, said, why);
}

/* What else they said, as a section of its own without interfaces: a header cannot be written
 * twice.
 */
static int
write_trailer(const struct merge_cmd *job, struct writer *writer, const struct file_section *said,
	      struct failure *why)
{
	struct file_section more = {0};
	int rc = 0;

	if (inputs_provenance(&job->inputs, job->merge_live, true, &job->remarks, said, &more) < 0)
		rc = failure_errno(why, "cannot merge");
	else if ((more.comments && *more.comments) || more.options_len)
		rc = write_section(writer, &more, why);
	file_section_release(&more);
	return rc;
}

bool
merge_cmd_trouble(const struct merge_cmd *job, size_t i, struct failure *what)
{
	const struct merge_outcome *outcome = merge_outcome(job->merge, i);
	const char *path = inputs_name(&job->inputs, i);

	if (inputs_damage(&job->inputs, job->merge, i, what))
		return true;
	if (outcome->late)
		failure_set(what, "'%s' %s: %llu packets were placed late", path,
			    job->merge_live ? "came late" : "is not in order",
			    (unsigned long long)outcome->late);
	else if (outcome->beyond)
		failure_set(what,
			    "'%s': an offset takes %llu packets out of 1970 to 2262, "
			    "where they stay",
			    path, (unsigned long long)outcome->beyond);
	return outcome->late || outcome->beyond;
}

/* The first input that something is missing of; how many there are if there is none. */
static size_t
first_trouble(const struct merge_cmd *job)
{
	struct failure what;
	size_t i = 0;

	while (i < job->inputs.count && !merge_cmd_trouble(job, i, &what))
		i++;
	return i;
}

/* The comment of an interface, and what is missing of the inputs that fed it, from this one on.
 * Heap; NULL without memory. */
static char *
comment_of(const struct merge_cmd *job, const struct interface *interface, size_t from)
{
	char *comment = lineset_union(interface->comment, NULL);

	for (size_t i = from; comment && i < job->inputs.count; i++) {
		char partial[sizeof(((struct failure *)0)->text) + 16], *joined;
		struct failure what;

		if (!merge_has_interface(job->merge, i, interface->name) ||
		    !merge_cmd_trouble(job, i, &what))
			continue;
		snprintf(partial, sizeof(partial), "partial: %s", what.text);
		joined = lineset_union(comment, partial);
		free(comment);
		comment = joined;
	}
	return comment;
}

static int
write_statistics(const struct merge_cmd *job, const struct source *from, struct writer *writer,
		 struct failure *why)
{
	const size_t trouble = first_trouble(job);

	for (uint32_t i = 0; i < from->interface_count; i++) {
		const struct interface *interface = &from->interfaces[i];
		char *comment;
		int rc;

		if (!interface->statistics.valid && job->merge_live &&
		    merge_live_end_mark(job->merge_live, writer, i, why) < 0)
			return -1;
		if (!interface->statistics.valid)
			continue;
		comment = comment_of(job, interface, trouble);
		if (!comment)
			return failure_errno(why, "cannot merge");
		rc = writer_statistics(writer, i, &interface->statistics, comment, why);
		free(comment);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Writes all packets and what stands between them, many at a time where that can be. */
static int
copy(const struct merge_cmd *job, struct source *from, struct writer *writer, struct failure *why)
{
	struct batch stretch = BATCH_INIT;
	int more = 1;

	if (job->merge_live)
		return merge_live_copy(job->merge_live, from, writer, why);
	if (job->sides)
		return writer_copy(writer, from, why);
	while (more > 0) {
		if (merge_batch(job->merge, &stretch) == 0)
			more = writer_copy_next(writer, from, why);
		else if (writer_interfaces(writer, from, why) < 0 ||
			 writer_batch(writer, &stretch, why) < 0)
			more = -1;
	}
	batch_release(&stretch);
	return more;
}

static int
write_all(const struct merge_cmd *job, int fd, enum format format, struct failure *why)
{
	struct source *from = job->sides ? sides_source(job->sides) : merge_source(job->merge);
	struct writer *writer = writer_new(fd, format, why);
	struct file_section said = {0};
	int rc = -1;

	if (writer && job->mixes_linktypes)
		writer_mix_linktypes(writer);
	if (writer)
		rc = writer_set_threadpool(writer, job->crew, why);
	if (rc == 0)
		rc = write_header(job, writer, &said, why);
	if (rc == 0)
		rc = copy(job, from, writer, why);
	if (rc == 0)
		rc = write_statistics(job, from, writer, why);
	if (rc == 0)
		rc = write_trailer(job, writer, &said, why);
	if (rc == 0)
		rc = writer_finish(writer, why);
	writer_free(writer);
	file_section_release(&said);
	return rc;
}

/* A regular file is emptied; the null device has nothing in it. */
static int
start_over(struct merge_cmd *job, int fd, struct failure *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return failure_errno(why, "cannot write the capture");
	if (S_ISREG(st.st_mode) && (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return failure_errno(why, "cannot write the capture");
	stop(job);
	inputs_close(&job->inputs);
	job->can_start_over = false;
	if (open_inputs(job, why) < 0)
		return -1;
	return start(job, why);
}

int
merge_cmd_write(struct merge_cmd *job, int fd, enum format format, struct failure *why)
{
	int rc = write_all(job, fd, format, why);

	if (rc < 0 && job->can_start_over && merge_is_disordered(job->merge)) {
		rc = start_over(job, fd, why);
		if (rc == 0)
			rc = write_all(job, fd, format, why);
	}
	return rc;
}
