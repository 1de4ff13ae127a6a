/*
 * The inputs of a merge as the command line names them, `[NAME=]INPUT`: capture files, FIFOs, `-`,
 * and directories of vcap-run, each of which stands for all its files (coredir.h).
 *
 *	inputs_add ... -> inputs_open -> inputs_begin -> inputs_merge -> merge_start
 *	... SOURCE_END -> inputs_damage
 *
 * Functions that return int return 0, or -1 with why filled; the inputs must still be released.
 */
#ifndef VCAP_INPUTS_H
#define VCAP_INPUTS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "base/threadpool.h"
#include "capfile/reader.h"
#include "merge/merge.h"
#include "merge/reorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct input_file {
	char *path;
	char *engine;   /* NAME, or NULL */
	char *fallback; /* the engine if nothing names it: the file's name without its ending */
	struct reader *file;  /* NULL while closed */
	struct reorder *pipe; /* sorts what cannot be revisited; NULL for a regular file, or live */
	struct stat st;
	bool is_checked; /* a file of a directory (coredir.h): no other file is read in its place */
	char *losses;    /* heap; of that directory, with its first file; NULL: none */
};

struct inputs {
	struct input_file *list; /* heap */
	size_t count;
	struct strvec regions;   /* NAMEs of inputs that are regions (label.h) */
	struct strvec strangers; /* engines that regions do not name, beside the other NAMEs */
	int64_t window_ns; /* pipes: packets that are older than the newest by less are sorted */
	size_t max_open; /* inputs to keep open at a time; 0: as the limit of the process allows */
	bool is_live;
	unsigned char *memory; /* the buffers of all readers */
};

#define INPUTS_WINDOW_NS INT64_C(1000000000)
#define INPUTS_INIT      ((struct inputs){.window_ns = INPUTS_WINDOW_NS})

/* Closes and frees everything. */
void inputs_release(struct inputs *inputs);

/* Adds the inputs that a word names; a directory adds a file for each core. A word is NAME=INPUT if
 * the part before its first '=' can name an engine (`./a=b` is a file). What a directory may hold
 * coredir.h says. Unchanged on failure, but for files of a directory. */
int inputs_add(struct inputs *inputs, const char *word, struct failure *why);

/* How many bytes are read of each at a time, in two buffers. */
size_t inputs_chunk(const struct inputs *inputs);
/* Opens all and shares out memory for reading. Nothing is read. What exceeds max_open is opened
 * again for each read. */
int inputs_open(struct inputs *inputs, struct failure *why);
/* Opens all as streams that are read without blocking (reader_open_live), and shares out memory for
 * what they hold. */
int inputs_open_live(struct inputs *inputs, struct failure *why);

/* Closes all. They can be opened again. */
void inputs_close(struct inputs *inputs);

/* Says in the log that a capture of vcap-run, of which this is a file, is read, as a controller does who
 * fetches it. */
void inputs_audit(const struct input_file *input);

/* Whether all can be read more than once: none is a pipe. Call while they are open. */
bool inputs_can_be_revisited(const struct inputs *inputs);

/* Reads the headers of all, with the threads of pool, which may be NULL. -1: one is not a capture
 * file. */
int inputs_begin(struct inputs *inputs, struct threadpool *pool, struct failure *why);

/* Whether they are several, and of at least so many bytes together, or pipes, of which nobody knows. Call while they are
 * open. */
bool inputs_are_long(const struct inputs *inputs, off_t size);

/* The paths of the regular files among them, which may have to be opened again. The NULL-terminated
 * list is on the heap and the caller's, the paths are not. NULL: out of memory. */
char **inputs_files(const struct inputs *inputs);

/* What messages call input i: its path, or its engine if the path is the number of a descriptor.
 * Owned by inputs. */
const char *inputs_name(const struct inputs *inputs, size_t i);

/* Adds all to merge, with the same numbers. inputs must outlive the merge. */
int inputs_merge(const struct inputs *inputs, struct merge *merge, struct failure *why);

/* Whether the file at path (`-` is standard output) is one of the inputs. */
bool inputs_has(const struct inputs *inputs, const char *path);
/* Whether one of them has so many packets of each core and no more (file_section_is_counted). */
bool inputs_are_counted(const struct inputs *inputs);

/* Which sections of each input. */
enum inputs_sections {
	INPUTS_SECTIONS_NONE = 0,
	INPUTS_SECTIONS_FIRST = 1,
	INPUTS_SECTIONS_LATER = 2, /* those after the first that have been read so far */
	INPUTS_SECTIONS_ALL = INPUTS_SECTIONS_FIRST | INPUTS_SECTIONS_LATER,
};

/*
 * Fills comments and options of *section with those of the given sections of all inputs and with
 * remarks, each once (section.h), but for those that known has already; known may be NULL. *section
 * has none before; the caller releases it. Call after merge_start. -1: out of memory.
 */
int inputs_section(const struct inputs *inputs, enum inputs_sections which,
		   const struct strvec *remarks, const struct file_section *known,
		   struct file_section *section);

/* Whether input i is damaged or lacks its end mark; *what says how. One of vcap's, whose packets are in
 * order, is whole if it goes up to until_ns: so is the newest file of a capture that goes on, up to its last
 * heartbeat. Call after SOURCE_END. */
bool inputs_damage(const struct inputs *inputs, const struct merge *merge, size_t i,
		   int64_t until_ns, struct failure *what);
/* Says which engines only the names of compressed files name, if there are several inputs. False: none. Call
 * after merge_start. */
bool inputs_named_by_file(const struct inputs *inputs, struct failure *what);

/* Whether something of input i was left out (struct left_out); *what says what. */
bool inputs_left_out(const struct inputs *inputs, size_t i, struct failure *what);

#endif
