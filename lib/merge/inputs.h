/*
 * The inputs of a merge as people name them, `[NAME=]INPUT`: capture files, FIFOs, `-`, and
 * directories of vcap-run, which stand for all their core-*.pcapng.
 *
 *	inputs_add ... -> inputs_open -> inputs_begin -> inputs_merge -> (merge_start ... its end)
 *-> inputs_damage
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

struct inputs_file {
	char *path;
	char *engine;   /* NAME, or NULL */
	char *fallback; /* the engine where nothing names it: the file's name without its ending */
	struct reader *file;
	struct reorder *window; /* NULL for a regular file */
	struct stat st;
};

struct inputs {
	struct inputs_file *list;
	size_t count;
	int64_t window_ns; /* how far packets of a pipe may be out of order and still be sorted */
	size_t most_open;  /* descriptors; 0: not known yet */
	bool is_live;
	unsigned char *memory; /* that they read into */
};

#define INPUTS_WINDOW_NS INT64_C(1000000000)
#define INPUTS_INIT      ((struct inputs){.window_ns = INPUTS_WINDOW_NS})

void inputs_release(struct inputs *inputs);

/*
 * Adds what the word names; a directory adds a file for each core. A word is NAME=INPUT if what
 * stands before its first '=' can name an engine (`./a=b` is a file).
 */
int inputs_add(struct inputs *inputs, const char *word, struct failure *why);

/* Opens them all and shares out memory for reading ahead. Nothing is read yet. */
int inputs_open(struct inputs *inputs, struct failure *why);
/* Opens them all as merge_live files (capfile.h), which share out memory for what they hold. */
int inputs_open_live(struct inputs *inputs, struct failure *why);

/* Closes them again, to be opened anew. */
void inputs_close(struct inputs *inputs);

/* Whether all can be read more than once: none is a pipe. */
bool inputs_can_be_revisited(const struct inputs *inputs);

/* Reads the headers of all that have been opened, with the help of others (crew.h). -1: one is no
 * capture file. */
int inputs_begin(struct inputs *inputs, struct threadpool *crew, struct failure *why);

/* The regular files among them, which may have to be opened again: paths of the inputs, NULL-ended.
 * The list alone is the caller's, on the heap; NULL without memory. */
char **inputs_files(const struct inputs *inputs);

/* What messages call input i: its path; its engine if that is only the number of a descriptor. */
const char *inputs_name(const struct inputs *inputs, size_t i);

/* Adds them all to merge, in this order. */
int inputs_merge(const struct inputs *inputs, struct merge *merge, struct failure *why);

/* Whether the file that path names (`-` is standard output) is one of the inputs. */
bool inputs_has(const struct inputs *inputs, const char *path);

/*
 * What the sections of the inputs say, as comments and options of *section (provenance.h), but for
 * what known says: the first section of each, the later ones that were read so far, or both; and
 * remarks beside them. Call after merge_start. -1: no memory.
 */
int inputs_provenance(const struct inputs *inputs, bool first, bool later,
		      const struct strvec *remarks, const struct file_section *known,
		      struct file_section *section);

/* Whether input i is damaged or lacks its end mark, and how. Call after the merge's end. */
bool inputs_damage(const struct inputs *inputs, const struct merge *merge, size_t i,
		   struct failure *what);

#endif
