#include "capfile/reader.h"

#include "capfile/pcapng_write.h"
#include "capfile/reader-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC       4  /* bytes that tell the format */
#define PCAP_HEADER 24 /* bytes */

static struct reader *
reader_of(struct source *source)
{
	return (struct reader *)source;
}

/* An input that has ended keeps saying so. */
static enum source_event
ended_next(struct source *source, struct packet *packet, struct failure *why)
{
	(void)packet;
	if (why)
		*why = reader_of(source)->why;
	return reader_of(source)->ended;
}

static enum source_event
finish(struct reader *file, struct failure *why, enum source_event event)
{
	file->ended = event;
	file->source.next = ended_next;
	file->source.more = NULL;
	if (why)
		*why = file->why;
	return event;
}

enum source_event
reader_end(struct reader *file, struct failure *why)
{
	return finish(file, why, SOURCE_END);
}

enum source_event
reader_damaged(struct reader *file, struct failure *why, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	failure_set(&file->why, "'%s' is damaged at byte %llu: %s", file->name,
		    (unsigned long long)inbuf_offset(&file->in), what);
	return finish(file, why, SOURCE_CUT);
}

enum source_event
reader_truncated(struct reader *file, struct failure *why, const char *what)
{
	failure_set(&file->why, "'%s' ends in the middle of the %s at byte %llu", file->name, what,
		    (unsigned long long)inbuf_offset(&file->in));
	return finish(file, why, SOURCE_CUT);
}

enum source_event
reader_unreadable(struct reader *file, struct failure *why)
{
	if (file->in.reservoir && errno == EAGAIN)
		return SOURCE_LATER;
	failure_errno(&file->why, "cannot read '%s' after byte %llu", file->name,
		      (unsigned long long)inbuf_offset(&file->in));
	return finish(file, why, SOURCE_CUT);
}

int
reader_reserve_scratch(struct reader *file, size_t size)
{
	unsigned char *scratch;

	if (size <= file->scratch_room)
		return 0;
	scratch = realloc(file->scratch, size);
	if (!scratch)
		return -1;
	file->scratch = scratch;
	file->scratch_room = size;
	return 0;
}

struct interface *
reader_add_interface(struct reader *file)
{
	uint32_t count = file->source.interface_count;

	if (count == READER_INTERFACES) {
		errno = EOVERFLOW;
		return NULL;
	}
	if (count == file->interface_room) {
		uint32_t room = count ? 2 * count : 4;
		struct interface *interfaces =
		    realloc(file->source.interfaces, room * sizeof(*interfaces));
		struct tsresol *ticks;

		if (!interfaces)
			return NULL;
		file->source.interfaces = interfaces;
		ticks = realloc(file->ticks, room * sizeof(*ticks));
		if (!ticks)
			return NULL;
		file->ticks = ticks;
		file->interface_room = room;
	}
	file->source.interfaces[count] = (struct interface){0};
	file->ticks[count] = (struct tsresol){0};
	file->source.interface_count++;
	return &file->source.interfaces[count];
}

void
reader_drop_interface(struct reader *file)
{
	int saved = errno;

	interface_release(&file->source.interfaces[--file->source.interface_count]);
	errno = saved;
}

/* Goes back to an event: source->revisit. */
static int
revisit(struct source *source, uint64_t place, struct failure *why)
{
	struct reader *file = reader_of(source);
	unsigned i = 0;

	(void)why;
	if (!inbuf_holds(&file->in, place)) {
		struct inbuf left = file->in;

		while (i < READER_CURSORS && !inbuf_holds(&file->others[i], place))
			i++;
		if (i == READER_CURSORS)
			i = file->next_other++ % READER_CURSORS;
		file->in = file->others[i];
		file->others[i] = left;
		file->in.fd = left.fd;
		file->in.chunk = left.chunk;
		file->in.can_seek = true;
		file->in.path = left.path;
		file->in.device = left.device;
		file->in.inode = left.inode;
	}
	inbuf_seek(&file->in, place);
	file->last_ns = 0;
	file->why = FAILURE_INIT;
	if (file->format == READER_PCAPNG)
		pcapng_enter_section(file, place);
	source->next = file->format == READER_PCAPNG ? pcapng_next : pcap_next;
	source->more = file->format == READER_PCAPNG ? pcapng_more : pcap_more;
	return 0;
}

static bool
turn(struct source *source)
{
	return inbuf_turn(&reader_of(source)->in);
}

/* Judges the first four bytes, which are there. */
static bool
begins_pcapng(const struct reader *file)
{
	static const unsigned char pcapng[4] = {0x0a, 0x0d, 0x0d, 0x0a};

	return inbuf_left(&file->in) >= sizeof(pcapng) &&
	       memcmp(file->in.bytes + file->in.at, pcapng, sizeof(pcapng)) == 0;
}

/* Reads as far as it takes to tell the format. */
static int
begin(struct reader *file, struct failure *why)
{
	if (inbuf_want(&file->in, MAGIC) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	if (inbuf_left(&file->in) < MAGIC) {
		if (inbuf_left(&file->in) == 0)
			failure_set(&file->why, "'%s' is empty", file->name);
		else
			failure_set(&file->why, "'%s' ends in the middle of its header",
				    file->name);
		finish(file, NULL, SOURCE_CUT);
		return 0;
	}
	if (begins_pcapng(file))
		return pcapng_begin(file, why);
	return pcap_begin(file, why);
}

/* A file of which nothing has been read yet. It takes over fd only with owns_fd. */
static struct reader *
new_file(int fd, const char *name, struct failure *why)
{
	struct reader *file = calloc(1, sizeof(*file));

	if (!file || !(file->name = strdup(name))) {
		failure_errno(why, "cannot read '%s'", name);
		free(file);
		return NULL;
	}
	inbuf_init(&file->in, fd, READER_CHUNK);
	file->source.turn = turn;
	if (file->in.can_seek)
		file->source.revisit = revisit;
	return file;
}

struct reader *
reader_open_fd(int fd, const char *name, struct failure *why)
{
	struct reader *file = new_file(fd, name, why);

	if (file && begin(file, why) < 0) {
		reader_close(file);
		return NULL;
	}
	if (file)
		file->owns_fd = true;
	return file;
}

struct reader *
reader_open_unread(const char *path, struct failure *why)
{
	struct reader *file;
	int fd;

	if (strcmp(path, "-") == 0)
		return new_file(STDIN_FILENO, "standard input", why);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		failure_errno(why, "cannot open '%s'", path);
		return NULL;
	}
	file = new_file(fd, path, why);
	if (file)
		file->owns_fd = true;
	else
		close(fd);
	return file;
}

int
reader_begin(struct reader *file, struct failure *why)
{
	return file->source.next ? 0 : begin(file, why);
}

struct reader *
reader_open(const char *path, struct failure *why)
{
	struct reader *file = reader_open_unread(path, why);

	if (file && begin(file, why) < 0) {
		reader_close(file);
		return NULL;
	}
	return file;
}

/* The first event of a merge_live file, once its header has come. */
static enum source_event
begin_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reader *file = reader_of(source);

	if (inbuf_want(&file->in, MAGIC) < 0)
		return reader_unreadable(file, why);
	if (begins_pcapng(file)) {
		file->format = READER_PCAPNG;
		source->next = pcapng_next;
	} else if (inbuf_want(&file->in, PCAP_HEADER) < 0) {
		return reader_unreadable(file, why);
	} else if (begin(file, &file->why) < 0) {
		return finish(file, why, SOURCE_CUT);
	}
	return source->next(source, packet, why);
}

struct reader *
reader_open_live_fd(int fd, const char *name, size_t most, struct failure *why)
{
	struct reader *file = new_file(fd, name, why);

	if (!file)
		return NULL;
	file->source.revisit = NULL;
	file->in.can_seek = false;
	file->in.base = 0;
	file->in.reservoir = &file->reservoir;
	bytequeue_init(&file->reservoir, most);
	file->source.next = begin_next;
	return file;
}

struct reader *
reader_open_live(const char *path, const char *name, size_t most, struct failure *why)
{
	struct reader *file;
	int fd;

	if (strcmp(path, "-") == 0)
		return reader_open_live_fd(STDIN_FILENO, "standard input", most, why);
	/* A FIFO opens without its writer; a regular file does not mind. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		failure_errno(why, "cannot open '%s'", path);
		return NULL;
	}
	file = reader_open_live_fd(fd, name, most, why);
	if (file)
		file->owns_fd = true;
	else
		close(fd);
	return file;
}

struct bytequeue *
reader_bytequeue(struct reader *file)
{
	return file->in.reservoir;
}

uint64_t
reader_offset(const struct reader *file)
{
	return inbuf_offset(&file->in);
}

void
reader_section_release(struct reader_section *section)
{
	free(section->options);
	free(section->hardware);
	free(section->os);
	free(section->application);
	for (char **c = section->comments; c && *c; c++)
		free(*c);
	free(section->comments);
	*section = (struct reader_section){0};
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
says_the_same(const struct reader_section *a, const struct reader_section *b)
{
	char **x = a->comments, **y = b->comments;

	if (!is_same_text(a->hardware, b->hardware) || !is_same_text(a->os, b->os) ||
	    !is_same_text(a->application, b->application) || a->options_len != b->options_len ||
	    (a->options_len && memcmp(a->options, b->options, a->options_len) != 0))
		return false;
	while (x && y && *x && *y && strcmp(*x, *y) == 0)
		x++, y++;
	return !(x && *x) && !(y && *y);
}

int
reader_begin_section(struct reader *file)
{
	const size_t count = file->earlier_count;
	struct reader_section *old = &file->section;
	bool is_known = file->section_count == 0 || count == READER_SECTIONS ||
			(count && (says_the_same(old, &file->earlier[0]) ||
				   says_the_same(old, &file->earlier[count - 1])));

	old->end_interface = file->source.interface_count;
	if (is_known) {
		reader_section_release(old);
	} else {
		if ((count & (count - 1)) == 0) {
			struct reader_section *earlier =
			    realloc(file->earlier, (count ? 2 * count : 1) * sizeof(*earlier));

			if (!earlier)
				return -1;
			file->earlier = earlier;
		}
		file->earlier[file->earlier_count++] = *old;
	}
	*old = (struct reader_section){.first_interface = file->source.interface_count};
	return 0;
}

void
reader_close(struct reader *file)
{
	if (!file)
		return;
	if (file->owns_fd && file->in.fd >= 0)
		close(file->in.fd);
	for (uint32_t i = 0; i < file->source.interface_count; i++)
		interface_release(&file->source.interfaces[i]);
	free(file->source.interfaces);
	free(file->ticks);
	reader_section_release(&file->section);
	for (size_t i = 0; i < file->earlier_count; i++)
		reader_section_release(&file->earlier[i]);
	free(file->earlier);
	inbuf_release(&file->in);
	bytequeue_release(&file->reservoir);
	for (unsigned i = 0; i < READER_CURSORS; i++)
		inbuf_release(&file->others[i]);
	free(file->sections);
	free(file->scratch);
	free(file->name);
	free(file);
}

void
reader_set_chunk(struct reader *file, size_t size)
{
	file->in.chunk = size;
}

void
reader_lend(struct reader *file, unsigned char *memory, size_t chunk)
{
	inbuf_lend(&file->in, memory, chunk);
}

struct source *
reader_source(struct reader *file)
{
	return &file->source;
}

enum reader_format
reader_format(const struct reader *file)
{
	return file->format;
}

const struct reader_section *
reader_section(const struct reader *file)
{
	return &file->section;
}

size_t
reader_earlier_sections(const struct reader *file, const struct reader_section **list)
{
	*list = file->earlier;
	return file->earlier_count;
}

int
reader_fd(const struct reader *file)
{
	return file->in.fd;
}

void
reader_park(struct reader *file)
{
	if (file->owns_fd)
		inbuf_park(&file->in, file->name);
}
