/*
 * A reader is a source whose next() is that of its format, once the first bytes have told which it
 * is. A live reader has a queue between the descriptor and the buffer, which reader_fill fills: its
 * next() never blocks.
 *
 * A file that can seek may be revisited: merging puts a file's packets in order by reading its
 * parts in turns. The buffers of the parts that were read last are kept (cursors), so that a few
 * interleaved parts do not cost a read each time.
 */
#include "capfile/reader.h"

#include "capfile/pcap_read-int.h"
#include "capfile/pcapng_read-int.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 4            /* bytes that tell the format */
#define CHUNK (256u << 10) /* bytes to read at a time */

static struct reader *
reader_of(struct source *source)
{
	return (struct reader *)source;
}

/* Has the source go on at the next byte, which stands at this place of the part that is known. */
static void
read_from(struct reader *file, uint64_t place)
{
	file->last_ns = 0;
	file->why = FAILURE_INIT;
	if (file->ops->enter)
		file->ops->enter(file, place);
	file->source.next = file->ops->next;
	file->source.more = file->ops->more;
}

/* source->revisit. The buffer at hand is kept as one of the cursors, and one that holds the place,
 * if there is any, is taken in its stead. */
static int
revisit(struct source *source, uint64_t place, struct failure *why)
{
	struct reader *file = reader_of(source);
	unsigned i = 0;

	(void)why;
	if (!inbuf_holds(&file->in, place)) {
		struct inbuf left = file->in;

		while (i < READER_CURSORS && !inbuf_holds(&file->cursors[i], place))
			i++;
		if (i == READER_CURSORS)
			i = file->next_cursor++ % READER_CURSORS;
		file->in = file->cursors[i];
		file->cursors[i] = left;
		file->in.fd = left.fd;
		file->in.chunk = left.chunk;
		file->in.can_seek = true;
		file->in.path = left.path;
		file->in.device = left.device;
		file->in.inode = left.inode;
	}
	inbuf_seek(&file->in, place);
	read_from(file, place);
	return 0;
}

static bool
turn(struct source *source)
{
	return inbuf_turn(&reader_of(source)->in);
}

/* By the first four bytes, which are in the buffer. What is not pcapng is left to pcap, which says
 * what is wrong with it. */
static const struct reader_ops *
recognize(const struct reader *file)
{
	static const unsigned char pcapng[MAGIC] = {0x0a, 0x0d, 0x0d, 0x0a};

	return memcmp(file->in.bytes + file->in.at, pcapng, MAGIC) == 0 ? &pcapng_read_ops
									: &pcap_read_ops;
}

/* Whether the first bytes, which are in the buffer, are of a compressed file. What it holds may be one
 * itself, which is left alone. */
static bool
is_packed(const struct reader *file)
{
	return !file->unpack && codec_of_magic(file->in.bytes + file->in.at) != CODEC_NONE;
}

/* Has the file read through an unpacker from now on, as a pipe. */
static int
begin_unpacking(struct reader *file, struct failure *why)
{
	file->unpack = unpack_new(codec_of_magic(file->in.bytes + file->in.at), &file->in, why);
	file->source.revisit = NULL;
	return file->unpack ? 0 : -1;
}

/* Reads the first header, by the format that its first bytes tell. */
static int
begin(struct reader *file, struct failure *why)
{
	if (inbuf_want(&file->in, MAGIC) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	if (inbuf_left(&file->in) >= MAGIC && is_packed(file))
		return begin_unpacking(file, why) < 0 ? -1 : begin(file, why);
	if (inbuf_left(&file->in) < MAGIC) {
		if (unpack_end(file->unpack, file->name, why) == UNPACK_REFUSED)
			return -1;
		if (inbuf_left(&file->in) == 0)
			failure_set(&file->why, "'%s' is empty", file->name);
		else
			failure_set(&file->why, "'%s' ends in the middle of its header",
				    file->name);
		reader_cut(file, NULL);
		return 0;
	}
	file->ops = recognize(file);
	return file->ops->begin(file, why);
}

/* A reader that has read nothing yet. fd is the caller's until owns_fd is set. */
static struct reader *
new_file(int fd, const char *name, struct failure *why)
{
	struct reader *file = calloc(1, sizeof(*file));

	if (!file || !(file->name = strdup(name))) {
		failure_errno(why, "cannot read '%s'", name);
		free(file);
		return NULL;
	}
	inbuf_init(&file->in, fd, CHUNK);
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
reader_open_unread(const char *path, enum reader_links links, struct failure *why)
{
	const int more = links == READER_NO_LINKS ? O_NOFOLLOW | O_NONBLOCK : 0;
	struct reader *file;
	int fd;

	if (strcmp(path, "-") == 0)
		return new_file(STDIN_FILENO, "standard input", why);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | more);
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
	struct reader *file = reader_open_unread(path, READER_LINKS, why);

	if (file && begin(file, why) < 0) {
		reader_close(file);
		return NULL;
	}
	return file;
}

/* next() of a live file until its header has arrived. */
static enum source_event
next_before_header(struct source *source, struct packet *packet, struct failure *why)
{
	struct reader *file = reader_of(source);

	if (inbuf_want(&file->in, MAGIC) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(&file->in) < MAGIC) {
		if (begin(file, &file->why) < 0)
			return reader_cut(file, why);
		return source->next(source, packet, why);
	}
	if (is_packed(file)) {
		if (begin_unpacking(file, &file->why) < 0)
			return reader_cut(file, why);
		return source->next(source, packet, why);
	}
	file->ops = recognize(file);
	if (file->ops->check && file->ops->check(file, &file->why) < 0)
		return reader_cut(file, why);
	if (file->ops->header == 0)
		source->next = file->ops->next;
	else if (inbuf_want(&file->in, file->ops->header) < 0)
		return reader_unreadable(file, why);
	else if (begin(file, &file->why) < 0)
		return reader_cut(file, why);
	return source->next(source, packet, why);
}

struct reader *
reader_open_live_fd(int fd, const char *name, size_t max, struct failure *why)
{
	struct reader *file = new_file(fd, name, why);

	if (!file)
		return NULL;
	file->source.revisit = NULL;
	file->in.can_seek = false;
	file->in.base = 0;
	file->in.queue = &file->queue;
	bytequeue_init(&file->queue, max);
	file->source.next = next_before_header;
	return file;
}

struct reader *
reader_open_live(const char *path, const char *name, enum reader_links links, size_t max,
		 struct failure *why)
{
	const int more = links == READER_NO_LINKS ? O_NOFOLLOW : 0;
	struct reader *file;
	int fd;

	if (strcmp(path, "-") == 0)
		return reader_open_live_fd(STDIN_FILENO, "standard input", max, why);
	/* O_NONBLOCK: a FIFO opens without its writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | more);
	if (fd < 0) {
		failure_errno(why, "cannot open '%s'", path);
		return NULL;
	}
	file = reader_open_live_fd(fd, name, max, why);
	if (file)
		file->owns_fd = true;
	else
		close(fd);
	return file;
}

struct reader *
reader_open_again(const struct reader *file, struct failure *why)
{
	const int fd = file->source.revisit ? fcntl(file->in.fd, F_DUPFD_CLOEXEC, 0) : -1;
	struct reader *again = fd < 0 ? NULL : new_file(fd, file->name, why);

	if (fd < 0)
		failure_errno(why, "cannot open '%s'", file->name);
	else if (again)
		again->owns_fd = true;
	else
		close(fd);
	return again;
}

bool
reader_is_passing(const struct reader *file)
{
	return file->is_passing;
}

void
reader_expect(struct reader *file, enum reader_more more)
{
	file->queue.goes_on = more == READER_MORE;
}

bool
reader_is_at_end(const struct reader *file)
{
	return file->queue.goes_on && file->queue.at_eof && file->queue.held == 0;
}

void
reader_continue(struct reader *file, int fd)
{
	struct inbuf *in = &file->in;

	file->section.cut_short |= inbuf_left(in) > 0;
	in->at = in->end;
	bytequeue_restart(&file->queue);
	if (file->owns_fd)
		close(in->fd);
	in->fd = fd;
	file->owns_fd = true;
}

void
reader_fill(struct reader *file)
{
	bytequeue_fill(&file->queue, file->in.fd);
}

bool
reader_is_full(const struct reader *file)
{
	return bytequeue_is_full(&file->queue);
}

bool
reader_wants_more(const struct reader *file)
{
	return !file->queue.at_eof && !bytequeue_is_full(&file->queue);
}

uint64_t
reader_offset(const struct reader *file)
{
	return inbuf_offset(&file->in);
}

uint64_t
reader_place(const struct reader *file, const struct packet *packet)
{
	return inbuf_offset_of(&file->in, packet->data) - file->ops->before_packet;
}

void
reader_seek(struct reader *file, uint64_t place)
{
	inbuf_seek(&file->in, place);
	read_from(file, place);
}

void
reader_read_to(struct reader *file, uint64_t offset)
{
	inbuf_read_to(&file->in, offset);
}

uint64_t
reader_irregularities(const struct reader *file)
{
	const struct left_out *out = &file->left_out;

	return file->source.interface_count + file->mark_count + file->earlier_count +
	       file->gaps.count + out->options + out->blocks + out->cut + out->mended +
	       file->is_damaged;
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
	free(file->resolutions);
	file_section_release(&file->section);
	for (size_t i = 0; i < file->earlier_count; i++)
		file_section_release(&file->earlier[i]);
	free(file->earlier);
	gaps_release(&file->gaps);
	unpack_free(file->unpack);
	inbuf_release(&file->in);
	bytequeue_release(&file->queue);
	for (unsigned i = 0; i < READER_CURSORS; i++)
		inbuf_release(&file->cursors[i]);
	free(file->marks);
	free(file->scratch);
	free(file->name);
	free(file);
}

void
reader_use_memory(struct reader *file, unsigned char *memory, size_t size)
{
	inbuf_use_memory(&file->in, memory, size);
}

struct source *
reader_source(struct reader *file)
{
	return &file->source;
}

enum format
reader_format(const struct reader *file)
{
	return file->ops ? file->ops->format : FORMAT_PCAPNG;
}

const struct file_section *
reader_section(const struct reader *file)
{
	return &file->section;
}

size_t
reader_earlier_sections(const struct reader *file, const struct file_section **list)
{
	*list = file->earlier;
	return file->earlier_count;
}

const struct left_out *
reader_left_out(const struct reader *file)
{
	return &file->left_out;
}

bool
reader_has_left_out(const struct reader *file, struct failure *what)
{
	const struct left_out *out = &file->left_out;

	if (out->mended)
		failure_set(what, "%s: records mended: %llu", file->mended.text,
			    (unsigned long long)out->mended);
	else if (out->options || out->blocks)
		failure_set(what, "'%s' is malformed: options left out: %llu, blocks: %llu",
			    file->name, (unsigned long long)out->options,
			    (unsigned long long)out->blocks);
	else if (out->cut)
		failure_set(what, "'%s': %llu packets are longer than readers accept, and cut",
			    file->name, (unsigned long long)out->cut);
	return out->options || out->blocks || out->cut || out->mended;
}

int
reader_fd(const struct reader *file)
{
	return file->in.fd;
}

void
reader_close_between_reads(struct reader *file)
{
	if (file->owns_fd)
		inbuf_close_between_reads(&file->in, file->name);
}
