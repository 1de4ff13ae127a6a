/*
 * The output has one section header, written before the first packet, and it says what the inputs'
 * headers say. Sections that turn up later in an input are repeated in a section at the end.
 *
 * Most inputs are in order, and reading them twice to be sure would double the time. So if the
 * output can be emptied and all inputs can be read again, the merge simply begins, and the first
 * packet that is out of order makes it start over with sorted inputs. Otherwise the inputs that can
 * be revisited are checked before anything is written.
 */
#include "merge/merge_cmd.h"

#include "base/array.h"
#include "base/lineset.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "merge/lossnotes.h"
#include "merge/merge_live.h"
#include "packet/linktype.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Bytes of inputs that take longer to merge than threads to start. */
#define BYTES_FOR_THREADS (1 << 20)
#define BYTES_FOR_SLICES  (16 << 20) /* ... and than the inputs to open twice */

static void
release_merge(struct merge_cmd *cmd)
{
	picker_release(&cmd->picker);
	sides_free(cmd->sides);
	slices_free(cmd->slices);
	merge_free(cmd->merge);
	cmd->slices = NULL;
	cmd->sides = NULL;
	cmd->merge = NULL;
}

void
merge_cmd_release(struct merge_cmd *cmd)
{
	release_merge(cmd);
	threadpool_free(cmd->pool);
	if (cmd->keys)
		merge_keys_release(cmd->keys);
	inputs_release(&cmd->inputs);
	for (size_t i = 0; i < cmd->offset_count; i++)
		free(cmd->offsets[i].engine);
	free(cmd->offsets);
	strvec_release(&cmd->remarks);
	packedfile_abandon(&cmd->out);
	*cmd = MERGE_CMD_INIT;
}

int
merge_cmd_offset(struct merge_cmd *cmd, const char *engine, int64_t ns, struct failure *why)
{
	struct clock_shift offset = {strdup(engine), ns};

	if (!offset.engine ||
	    array_grow(&cmd->offsets, cmd->offset_count, sizeof(*cmd->offsets)) < 0) {
		free(offset.engine);
		return failure_nomem(why);
	}
	cmd->offsets[cmd->offset_count++] = offset;
	return 0;
}

static int
open_inputs(struct merge_cmd *cmd, struct failure *why)
{
	return (cmd->live ? inputs_open_live : inputs_open)(&cmd->inputs, why);
}

/* Whether the output can be emptied: a file under its temporary name, or the null device. */
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
merge_cmd_open_inputs(struct merge_cmd *cmd, char *const *inputs, struct failure *why)
{
	for (; *inputs; inputs++) {
		const size_t before = cmd->inputs.count;

		if (inputs_add(&cmd->inputs, *inputs, why) < 0)
			return -1;
		if (cmd->inputs.count > before && cmd->inputs.list[before].is_checked)
			inputs_audit(&cmd->inputs.list[before]);
	}
	if (cmd->keys && merge_keys_open(cmd->keys, why) < 0)
		return -1;
	return open_inputs(cmd, why);
}

int
merge_cmd_open_output(struct merge_cmd *cmd, struct failure *why)
{
	enum codec_kind kind = codec_of_name(cmd->output);

	if (inputs_has(&cmd->inputs, cmd->output))
		return failure_set(why, "'%s' is an input and would be overwritten", cmd->output);
	if (kind == CODEC_NONE && cmd->compresses)
		kind = CODEC_ZSTD;
	cmd->can_start_over = kind == CODEC_NONE && can_write_anew(cmd->output);
	if (packedfile_open(&cmd->out, cmd->output, kind, why) < 0)
		return -1;
	if (cmd->live)
		cmd->live->out = cmd->out.fd;
	return 0;
}

int
merge_cmd_confine(struct merge_cmd *cmd, struct failure *why)
{
	const struct outfile *out = &cmd->out.file;
	enum sandbox_calls calls = out->dirfd < 0 ? SANDBOX_CALLS_STDIO : SANDBOX_CALLS_OUTPUT;
	char **files;
	int rc = 0;

	if (cmd->live && cmd->live->control.fd >= 0)
		calls = SANDBOX_CALLS_MESSAGES;
	tzset(); /* the zone is in a file, which is out of reach once a time is printed */
	files = inputs_files(&cmd->inputs);
	if (!files)
		return failure_nomem(why);
	if (priv_drop_all(why) < 0 ||
	    sandbox_confine_files(SANDBOX_ENFORCE, out->dirfd, files, why) < 0)
		rc = -1;
	if (!cmd->live && !cmd->keys && cmd->offset_count == 0 &&
	    inputs_are_long(&cmd->inputs, BYTES_FOR_SLICES))
		cmd->slices = slices_open(&cmd->inputs, 0);
	/* Threads inherit the confinement of files, and none can be started after that of calls. */
	if (rc == 0 && !cmd->live && inputs_are_long(&cmd->inputs, BYTES_FOR_THREADS))
		rc = threadpool_start(&cmd->pool, why);
	if (rc == 0)
		rc =
		    sandbox_confine_calls(SANDBOX_ENFORCE, calls,
					  *files ? SANDBOX_OPENS_TO_READ : SANDBOX_OPENS_NONE, why);
	free(files);
	return rc;
}

/* All that was merged. */
static struct source *
unchosen(const struct merge_cmd *cmd)
{
	return cmd->sides ? sides_source(cmd->sides) : merge_source(cmd->merge);
}

static struct merged_header
header_of(const struct merge_cmd *cmd)
{
	return (struct merged_header){.inputs = &cmd->inputs,
				      .remarks = &cmd->remarks,
				      .offsets = cmd->offsets,
				      .offset_count = cmd->offset_count,
				      .is_live = cmd->live,
				      .complete_since_ns = INT64_MIN};
}

/* Leaves out what is before the inputs are complete. */
static int
begin_complete(struct merge_cmd *cmd, struct failure *why)
{
	struct merged_header header = header_of(cmd);
	int rc = merged_header_make(&header, why);

	if (rc == 0 && header.complete_since_ns > cmd->period.since_ns)
		cmd->period.since_ns = header.complete_since_ns;
	merged_header_release(&header);
	return rc;
}

static int
pick(struct merge_cmd *cmd, struct failure *why)
{
	return picker_open(
	    &cmd->picker, unchosen(cmd),
	    &(struct picker_wanted){.only = cmd->only,
				    .period = &cmd->period,
				    .cuts = cmd->cuts,
				    .take_secrets = cmd->keys ? merge_keys_take : NULL,
				    .keys_context = cmd->keys},
	    why);
}

int
merge_cmd_start(struct merge_cmd *cmd, struct failure *why)
{
	if (inputs_begin(&cmd->inputs, cmd->pool, why) < 0)
		return -1;
	if (cmd->keys && !inputs_can_be_revisited(&cmd->inputs))
		return failure_set(why, "'--keys' reads inputs twice: no pipe, none compressed");
	cmd->can_start_over =
	    cmd->can_start_over && !cmd->live && inputs_can_be_revisited(&cmd->inputs);
	cmd->merge = merge_new(why);
	if (!cmd->merge || inputs_merge(&cmd->inputs, cmd->merge, why) < 0)
		return -1;
	if (cmd->mixes_linktypes)
		merge_mix_linktypes(cmd->merge);
	for (size_t i = 0; i < cmd->offset_count; i++)
		if (merge_offset(cmd->merge, cmd->offsets[i].engine, cmd->offsets[i].ns, why) < 0)
			return -1;
	merge_set_threadpool(cmd->merge, cmd->pool);
	if (cmd->live)
		merge_set_live(cmd->merge);
	else if (cmd->can_start_over)
		merge_stop_at_disorder(cmd->merge);
	else
		merge_sort_inputs(cmd->merge);
	/* The first packets are read then, and with them the interfaces, which name the engines. */
	if (merge_start(cmd->merge, why) < 0 || (cmd->is_complete && begin_complete(cmd, why) < 0))
		return -1;
	if (cmd->service)
		cmd->sides = sides_new(merge_source(cmd->merge), cmd->service, why);
	if (cmd->service && !cmd->sides)
		return -1;
	if (pick(cmd, why) < 0)
		return -1;
	if (cmd->live)
		merge_live_watch(cmd->live, &cmd->inputs, cmd->merge);
	return 0;
}

const char *
merge_cmd_unknown_engine(const struct merge_cmd *cmd)
{
	for (size_t i = 0; i < cmd->offset_count; i++)
		if (!merge_has_engine(cmd->merge, cmd->offsets[i].engine))
			return cmd->offsets[i].engine;
	return NULL;
}

/* Whether something is missing from input i; *what says what. */
static bool
has_trouble(const struct merge_cmd *cmd, size_t i, struct failure *what)
{
	const struct merge_outcome *outcome = merge_outcome(cmd->merge, i);
	const char *path = inputs_name(&cmd->inputs, i);

	if (inputs_damage(&cmd->inputs, cmd->merge, i, cmd->period.until_ns, what))
		return true;
	if (outcome->late)
		failure_set(what, "'%s' %s: %llu packets were placed late", path,
			    cmd->live ? "came late" : "is not in order",
			    (unsigned long long)outcome->late);
	else if (outcome->beyond)
		failure_set(what,
			    "'%s': an offset moves %llu packets out of 1970 to 2262: "
			    "their times are clamped",
			    path, (unsigned long long)outcome->beyond);
	else
		return inputs_left_out(&cmd->inputs, i, what);
	return true;
}

/* The first input with trouble; the number of inputs if there is none. */
static size_t
first_troubled(const struct merge_cmd *cmd)
{
	struct failure what;
	size_t i = 0;

	while (i < cmd->inputs.count && !has_trouble(cmd, i, &what))
		i++;
	return i;
}

/* The comment of an interface, what its inputs' hosts lost, and the trouble of its inputs, from input number
 * `from` on. Heap; NULL: out of memory. */
static char *
interface_comment(const struct merge_cmd *cmd, const struct interface *interface, size_t from)
{
	char *comment = lossnotes_add(interface, &cmd->inputs, cmd->merge);

	for (size_t i = from; comment && i < cmd->inputs.count; i++) {
		char partial[sizeof(((struct failure *)0)->text) + 16], *joined;
		struct failure what;

		if (!merge_has_interface(cmd->merge, i, interface->name) ||
		    !has_trouble(cmd, i, &what))
			continue;
		snprintf(partial, sizeof(partial), "partial: %s", what.text);
		joined = lineset_union(comment, partial);
		free(comment);
		comment = joined;
	}
	return comment;
}

static int
write_statistics(const struct merge_cmd *cmd, const struct source *from, struct writer *writer,
		 struct failure *why)
{
	const size_t troubled = first_troubled(cmd);

	for (uint32_t i = 0; i < from->interface_count; i++) {
		const struct interface *interface = &from->interfaces[i];
		char *comment;
		int rc;

		if (!interface->statistics.valid && cmd->live &&
		    merge_live_end_mark(cmd->live, writer, i, why) < 0)
			return -1;
		if (!interface->statistics.valid)
			continue;
		comment = interface_comment(cmd, interface, troubled);
		if (!comment)
			return failure_nomem(why);
		rc = writer_statistics(writer, i, &interface->statistics, comment, why);
		free(comment);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Writes all packets and notes. */
static int
copy_packets(const struct merge_cmd *cmd, struct source *from, struct writer *writer,
	     struct failure *why)
{
	if (cmd->live)
		return merge_live_copy(cmd->live, from, writer, why);
	if (from != merge_source(cmd->merge))
		return writer_copy(writer, from, why);
	return slices_copy(cmd->slices, cmd->merge, writer, cmd->pool, why);
}

/* Fails if an input is damaged, or something in it was mended or left out. */
static int
check_whole(const struct merge_cmd *cmd, struct failure *why)
{
	for (size_t i = 0; i < cmd->inputs.count; i++)
		if (inputs_damage(&cmd->inputs, cmd->merge, i, cmd->period.until_ns, why) ||
		    inputs_left_out(&cmd->inputs, i, why))
			return -1;
	return 0;
}

static int
write_capture(const struct merge_cmd *cmd, int fd, struct failure *why)
{
	struct source *from = picker_source(&cmd->picker);
	struct writer *writer = writer_new(fd, cmd->format, why);
	struct merged_header header = header_of(cmd);
	int rc = -1;

	if (writer && cmd->mixes_linktypes)
		writer_mix_linktypes(writer);
	if (writer)
		rc = writer_set_threadpool(writer, cmd->pool, why);
	if (rc == 0)
		rc = merged_header_write(&header, writer, why);
	if (rc == 0 && cmd->keys)
		rc = merge_keys_write(cmd->keys, writer, why);
	if (rc == 0)
		rc = copy_packets(cmd, from, writer, why);
	if (rc == 0 && picker_is_empty(&cmd->picker))
		rc = failure_set(why, "no input has packets of '%s'", cmd->only);
	if (rc == 0 && cmd->is_strict)
		rc = check_whole(cmd, why);
	if (rc == 0)
		rc = write_statistics(cmd, from, writer, why);
	if (rc == 0)
		rc = merged_header_write_trailer(&header, writer, why);
	if (rc == 0)
		rc = writer_finish(writer, why);
	writer_free(writer);
	merged_header_release(&header);
	return rc;
}

static int
begin_again(struct merge_cmd *cmd, struct failure *why)
{
	release_merge(cmd);
	inputs_close(&cmd->inputs);
	return open_inputs(cmd, why) < 0 ? -1 : merge_cmd_start(cmd, why);
}

/* Empties the output, which is a regular file or the null device, and starts again from the inputs,
 * which are sorted this time. */
static int
start_over(struct merge_cmd *cmd, struct failure *why)
{
	const int fd = cmd->out.fd;
	struct stat st;

	if (fstat(fd, &st) < 0 ||
	    (S_ISREG(st.st_mode) && (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)))
		return failure_errno(why, "cannot write the capture");
	cmd->can_start_over = false;
	return begin_again(cmd, why);
}

/* Finds the keys of what will be written, for which it is read to its end. */
static int
find_keys(struct merge_cmd *cmd, struct failure *why)
{
	char *remark;
	int rc = merge_keys_see(cmd->keys, picker_source(&cmd->picker), why);

	if (rc < 0 && cmd->can_start_over && merge_is_disordered(cmd->merge) &&
	    (rc = start_over(cmd, why)) == 0)
		rc = merge_keys_see(cmd->keys, picker_source(&cmd->picker), why);
	if (rc < 0 || merge_keys_match(cmd->keys, &remark, why) < 0)
		return -1;
	strvec_push_nodup(&cmd->remarks, remark);
	return begin_again(cmd, why);
}

int
merge_cmd_write(struct merge_cmd *cmd, struct failure *why)
{
	int rc = cmd->keys ? find_keys(cmd, why) : 0;

	if (rc == 0)
		rc = write_capture(cmd, cmd->out.fd, why);
	if (rc < 0 && cmd->can_start_over && merge_is_disordered(cmd->merge)) {
		rc = start_over(cmd, why);
		if (rc == 0)
			rc = write_capture(cmd, cmd->out.fd, why);
	}
	if (rc < 0)
		packedfile_blame(&cmd->out, why);
	return rc < 0 ? -1 : packedfile_commit(&cmd->out, why);
}

/* Says of which interfaces no side could be told. */
static void
report_untold(const struct merge_cmd *cmd, void (*report)(const char *line))
{
	const uint32_t count = merge_source(cmd->merge)->interface_count;
	char text[LINKTYPE_TEXT];
	struct failure what;

	for (uint32_t i = 0; cmd->sides && i < count; i++) {
		const struct interface *interface = sides_untold(cmd->sides, i);

		if (!interface)
			continue;
		failure_set(&what, "'%s' is of %s: no side of its packets can be told",
			    interface->name, linktype_text(interface->linktype, text));
		report(what.text);
	}
}

size_t
merge_cmd_report(const struct merge_cmd *cmd, void (*report)(const char *line))
{
	const unsigned long long early = merge_released_early(cmd->merge);
	struct failure what;
	size_t count = 0;

	if (inputs_named_by_file(&cmd->inputs, &what))
		report(what.text);
	report_untold(cmd, report);
	if (early) {
		failure_set(&what, "%llu packets were written before their turn", early);
		report(what.text);
		count++;
	}
	for (size_t i = 0; i < cmd->inputs.count; i++)
		if (has_trouble(cmd, i, &what)) {
			/* Whoever controls it has said of what nothing came. */
			if (!cmd->live || cmd->live->control.fd < 0 ||
			    reader_source(cmd->inputs.list[i].file)->interface_count)
				report(what.text);
			count++;
		}
	return count;
}
