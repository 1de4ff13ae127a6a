/*
 * Inputs may be thousands, so three resources are shared out: memory for reading, from a few large
 * buffers to many small ones, in one allocation on huge pages; descriptors, of which there may be
 * fewer than inputs: the others are opened again for each read; and, at the start, the time that
 * reading the headers takes, which threads share.
 */
#include "merge/inputs.h"

#include "base/array.h"
#include "base/audit.h"
#include "base/hugepage.h"
#include "base/parse.h"
#include "merge/coredir.h"
#include "merge/filename.h"
#include "merge/section.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * How many bytes to read of an input at a time: enough to make system calls rare, and no more than
 * the processor's caches hold until they are used. With many inputs the sum is bounded. Each input
 * takes twice as much memory, for two buffers.
 */
#define READ_FEW  (1u << 20)  /* of all inputs together, if they are few */
#define READ_MANY (16u << 20) /* ... if they are many, but at least CHUNK_MIN each */
#define CHUNK     (32u << 10)
#define CHUNK_MAX (128u << 10)
#define CHUNK_MIN (8u << 10)
#define PAGE      4096u

/* Live: bytes that all inputs may hold together, and the minimum and maximum for one. */
#define LIVE_ALL (256u << 20)
#define LIVE_MIN (256u << 10)
#define LIVE_MAX (64u << 20)

/* Descriptors kept for everything but inputs. */
#define OTHER_DESCRIPTORS 32

static void
release_file(struct input_file *input)
{
	reorder_free(input->pipe);
	reader_close(input->file);
	free(input->path);
	free(input->engine);
	free(input->fallback);
	free(input->losses);
}

void
inputs_release(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		release_file(&inputs->list[i]);
	free(inputs->list);
	strvec_release(&inputs->regions);
	strvec_release(&inputs->strangers);
	free(inputs->memory);
	*inputs = INPUTS_INIT;
}

static int
add_file(struct inputs *inputs, const char *path, const char *engine, char *fallback,
	 struct failure *why)
{
	struct input_file input = {
	    .path = strdup(path), .engine = engine ? strdup(engine) : NULL, .fallback = fallback};

	if (array_grow(&inputs->list, inputs->count, sizeof(input)) < 0 || !input.path ||
	    !fallback || (engine && !input.engine)) {
		release_file(&input);
		return failure_errno(why, "cannot open '%s'", path);
	}
	inputs->list[inputs->count++] = input;
	return 0;
}

static int
add_directory(struct inputs *inputs, const char *path, const char *engine, struct failure *why)
{
	struct coredir dir = COREDIR_INIT;
	int rc = coredir_list(&dir, path, why);

	for (size_t i = 0; rc == 0 && i < dir.count; i++) {
		rc = add_file(inputs, dir.list[i].path, engine, filename_engine(path), why);
		if (rc == 0) {
			inputs->list[inputs->count - 1].st = dir.list[i].st;
			inputs->list[inputs->count - 1].is_checked = true;
		}
		if (rc == 0 && i == 0) {
			inputs->list[inputs->count - 1].losses = dir.losses;
			dir.losses = NULL;
		}
	}
	coredir_release(&dir);
	return rc;
}

static bool
has_stdin(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (strcmp(inputs->list[i].path, "-") == 0)
			return true;
	return false;
}

int
inputs_add(struct inputs *inputs, const char *word, struct failure *why)
{
	const char *equals = strchr(word, '='), *path = word;
	char *engine = equals ? strndup(word, (size_t)(equals - word)) : NULL;
	struct stat st;
	int rc;

	if (equals && !engine)
		return failure_errno(why, "cannot open '%s'", word);
	if (engine && parse_is_name(engine)) {
		path = equals + 1;
	} else {
		free(engine);
		engine = NULL;
	}
	if (strcmp(path, "-") == 0 && has_stdin(inputs))
		rc = failure_set(why, "standard input '-' can only be one input");
	else if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		rc = add_directory(inputs, path, engine, why);
	else
		rc = add_file(inputs, path, engine, filename_engine(path), why);
	if (engine && !strvec_has(&inputs->strangers, engine))
		strvec_push(&inputs->strangers, engine);
	if (rc == 0 && inputs->strangers.failed)
		rc = failure_nomem(why);
	free(engine);
	return rc;
}

/* How many inputs may stay open under the limit of the process. */
static size_t
open_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 64;
	return limit.rlim_cur > 2 * OTHER_DESCRIPTORS ? (size_t)limit.rlim_cur - OTHER_DESCRIPTORS
						      : OTHER_DESCRIPTORS / 2;
}

/* Notes which file was opened; of a directory's it has to be the one that was checked. */
static int
note_file(struct input_file *input, struct failure *why)
{
	struct stat st;

	if (fstat(reader_fd(input->file), &st) < 0)
		return failure_errno(why, "cannot open '%s'", input->path);
	if (input->is_checked && (st.st_dev != input->st.st_dev || st.st_ino != input->st.st_ino))
		return failure_set(why, "'%s' is another file than it was", input->path);
	input->st = st;
	return 0;
}

static enum reader_links
links_of(const struct input_file *input)
{
	return input->is_checked ? READER_NO_LINKS : READER_LINKS;
}

static size_t
clamp(size_t size, size_t least, size_t most)
{
	return size < least ? least : size > most ? most : size;
}

size_t
inputs_chunk(const struct inputs *inputs)
{
	const size_t count = inputs->count ? inputs->count : 1;
	const size_t few = READ_FEW / count, many = READ_MANY / count / PAGE * PAGE;

	return few > CHUNK ? clamp(few / PAGE * PAGE, CHUNK, CHUNK_MAX)
			   : clamp(many, CHUNK_MIN, CHUNK);
}

int
inputs_open(struct inputs *inputs, struct failure *why)
{
	const size_t chunk = inputs_chunk(inputs);

	if (!inputs->max_open)
		inputs->max_open = open_limit();
	if (!inputs->memory && !(inputs->memory = hugepage_new(inputs->count * 2 * chunk)))
		return failure_nomem(why);
	for (size_t i = 0; i < inputs->count; i++) {
		struct input_file *input = &inputs->list[i];

		input->file = reader_open_unread(input->path, links_of(input), why);
		if (!input->file || note_file(input, why) < 0)
			return -1;
		reader_use_memory(input->file, inputs->memory + i * 2 * chunk, chunk);
		if (i >= inputs->max_open)
			reader_close_between_reads(input->file);
	}
	return 0;
}

/* Inputs whose headers a thread reads in a row. */
#define INPUTS_PER_PIECE 32

static void
begin_piece(void *context, size_t piece)
{
	struct inputs *inputs = context;

	for (size_t i = piece * INPUTS_PER_PIECE;
	     i < inputs->count && i < (piece + 1) * INPUTS_PER_PIECE; i++)
		if (reader_source(inputs->list[i].file)->revisit)
			reader_begin(inputs->list[i].file, NULL);
}

static struct label_hint
hint_of(const struct inputs *inputs, const struct input_file *input)
{
	return (struct label_hint){.engine = input->engine,
				   .fallback = input->fallback,
				   .is_region =
				       input->engine && strvec_has(&inputs->regions, input->engine),
				   .strangers = inputs->strangers.list};
}

int
inputs_begin(struct inputs *inputs, struct threadpool *pool, struct failure *why)
{
	/* A failure shows below, where each is begun again. */
	if (pool)
		threadpool_work(pool, begin_piece, inputs,
				(inputs->count + INPUTS_PER_PIECE - 1) / INPUTS_PER_PIECE);
	for (size_t i = 0; i < inputs->count; i++) {
		struct input_file *input = &inputs->list[i];
		struct source *source = reader_source(input->file);
		const struct label_hint hint = hint_of(inputs, input);

		if (reader_begin(input->file, why) < 0)
			return -1;
		if (source->revisit || inputs->is_live)
			continue;
		input->pipe = reorder_new(source, &hint, inputs->window_ns, why);
		if (!input->pipe)
			return -1;
	}
	return 0;
}

char **
inputs_files(const struct inputs *inputs)
{
	char **files = calloc(inputs->count + 1, sizeof(*files));
	size_t count = 0;

	for (size_t i = 0; files && i < inputs->count; i++)
		if (S_ISREG(inputs->list[i].st.st_mode) && strcmp(inputs->list[i].path, "-") != 0)
			files[count++] = inputs->list[i].path;
	return files;
}

int
inputs_open_live(struct inputs *inputs, struct failure *why)
{
	size_t most = inputs->count ? LIVE_ALL / inputs->count : LIVE_ALL;

	inputs->is_live = true;
	most = most > LIVE_MAX ? LIVE_MAX : most < LIVE_MIN ? LIVE_MIN : most;
	for (size_t i = 0; i < inputs->count; i++) {
		struct input_file *input = &inputs->list[i];

		input->file = reader_open_live(input->path, inputs_name(inputs, i), links_of(input),
					       most, why);
		if (!input->file || note_file(input, why) < 0)
			return -1;
	}
	return 0;
}

const char *
inputs_name(const struct inputs *inputs, size_t i)
{
	const struct input_file *input = &inputs->list[i];
	bool is_number = strncmp(input->path, "/dev/fd/", 8) == 0;

	return input->engine && is_number ? input->engine : input->path;
}

void
inputs_close(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++) {
		reorder_free(inputs->list[i].pipe);
		inputs->list[i].pipe = NULL;
		reader_close(inputs->list[i].file);
		inputs->list[i].file = NULL;
	}
}

void
inputs_audit(const struct input_file *input)
{
	const char *path = input->path, *end = strrchr(path, '/');
	struct audit audit;
	char *directory;

	/* The end of a name that can be nothing but a directory (gate_check_merge). */
	while (end && end > path + 1 && strncmp(end - 2, "/.", 2) == 0)
		end -= 2;
	directory = strndup(path, end ? (size_t)(end - path) : 0);
	audit_begin(&audit, "fetch");
	audit_add(&audit, "dir", directory);
	audit_add_caller(&audit);
	audit_write(&audit, AUDIT_WANTED, NULL);
	free(directory);
}

bool
inputs_can_be_revisited(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (!reader_source(inputs->list[i].file)->revisit)
			return false;
	return true;
}

bool
inputs_are_long(const struct inputs *inputs, off_t size)
{
	off_t sum = 0;

	for (size_t i = 0; i < inputs->count; i++)
		sum += S_ISREG(inputs->list[i].st.st_mode) ? inputs->list[i].st.st_size : size;
	return inputs->count > 1 && sum >= size;
}

static struct source *
source_of(const struct input_file *input)
{
	return input->pipe ? reorder_source(input->pipe) : reader_source(input->file);
}

int
inputs_merge(const struct inputs *inputs, struct merge *merge, struct failure *why)
{
	for (size_t i = 0; i < inputs->count; i++) {
		const struct input_file *input = &inputs->list[i];
		const struct merge_input added = {.source = source_of(input),
						  .name = inputs_name(inputs, i),
						  .hint = hint_of(inputs, input)};

		if (merge_add(merge, &added, why) < 0)
			return -1;
	}
	return 0;
}

bool
inputs_has(const struct inputs *inputs, const char *path)
{
	struct stat st;
	int rc = strcmp(path, "-") == 0 ? fstat(STDOUT_FILENO, &st) : stat(path, &st);

	for (size_t i = 0; rc == 0 && S_ISREG(st.st_mode) && i < inputs->count; i++)
		if (inputs->list[i].st.st_dev == st.st_dev &&
		    inputs->list[i].st.st_ino == st.st_ino)
			return true;
	return false;
}

bool
inputs_are_counted(const struct inputs *inputs)
{
	size_t i = 0;

	while (i < inputs->count && !file_section_is_counted(reader_section(inputs->list[i].file)))
		i++;
	return i < inputs->count;
}

static void
add_section(struct section *merged, const struct inputs *inputs, const struct input_file *input,
	    const struct file_section *section, uint32_t end_interface)
{
	static const struct interface unnamed;
	struct label_hint hint = hint_of(inputs, input);
	const struct source *source = reader_source(input->file);
	const bool is_named = section->first_interface < end_interface;
	struct label label;

	hint.from_vcap = file_section_is_from_vcap(section);
	if (label_of(&label, is_named ? &source->interfaces[section->first_interface] : &unnamed,
		     &hint) < 0) {
		merged->comments.failed = true;
		return;
	}
	section_add(merged, section, label.engine, &hint);
	label_release(&label);
}

int
inputs_section(const struct inputs *inputs, enum inputs_sections which,
	       const struct strvec *remarks, const struct file_section *known,
	       struct file_section *section)
{
	struct section merged = SECTION_INIT;

	for (size_t i = 0; i < remarks->count; i++)
		strvec_push(&merged.comments, remarks->list[i]);

	for (size_t i = 0; i < inputs->count; i++) {
		const struct input_file *input = &inputs->list[i];
		const struct file_section *earlier;
		size_t count = reader_earlier_sections(input->file, &earlier);

		for (size_t k = 0; k < count; k++)
			if (which & (k ? INPUTS_SECTIONS_LATER : INPUTS_SECTIONS_FIRST))
				add_section(&merged, inputs, input, &earlier[k],
					    earlier[k].end_interface);
		if (which & (count ? INPUTS_SECTIONS_LATER : INPUTS_SECTIONS_FIRST))
			add_section(&merged, inputs, input, reader_section(input->file),
				    reader_source(input->file)->interface_count);
	}
	return section_finish(&merged, known, section);
}

bool
inputs_damage(const struct inputs *inputs, const struct merge *merge, size_t i, int64_t until_ns,
	      struct failure *what)
{
	const struct merge_outcome *outcome = merge_outcome(merge, i);

	/* Others' packets may be in any order: what comes last may be older. */
	if (file_section_is_from_vcap(reader_section(inputs->list[i].file)) &&
	    merge_reached(merge, i) >= until_ns)
		return false;
	if (outcome->is_cut)
		*what = outcome->why;
	else if (reader_section(inputs->list[i].file)->cut_short)
		failure_set(what, "'%s' was cut short: it has no end mark", inputs_name(inputs, i));
	else
		return false;
	return true;
}

bool
inputs_left_out(const struct inputs *inputs, size_t i, struct failure *what)
{
	return reader_has_left_out(inputs->list[i].file, what);
}

/* Whether an interface of the input is of an engine called as its file is, which is compressed: who packs
 * files away seldom names them for this, and two endings were taken off. */
static bool
is_named_by_file(const struct inputs *inputs, const struct input_file *input)
{
	const struct source *source = reader_source(input->file);
	struct label_hint hint = hint_of(inputs, input);

	hint.from_vcap = source->from_vcap;
	for (uint32_t i = 0; filename_is_packed(input->path) && i < source->interface_count; i++)
		if (!label_is_told(&source->interfaces[i], &hint))
			return true;
	return false;
}

bool
inputs_named_by_file(const struct inputs *inputs, struct failure *what)
{
	struct strvec names = STRVEC_INIT;
	bool has_any;
	char *list;

	for (size_t i = 0; inputs->count > 1 && i < inputs->count; i++)
		if (is_named_by_file(inputs, &inputs->list[i]) &&
		    !strvec_has(&names, inputs->list[i].fallback))
			strvec_push(&names, inputs->list[i].fallback);
	list = names.count > 0 ? strvec_join(&names, "', '") : NULL;
	if (list)
		failure_set(
		    what,
		    "engines are called as their files are: '%s' (name=input calls one otherwise)",
		    list);
	has_any = list;
	free(list);
	strvec_release(&names);
	return has_any;
}
