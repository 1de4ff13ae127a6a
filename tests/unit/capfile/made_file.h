/*
 * Capture files made byte by byte, in either byte order, and what a reader makes of them: put the
 * parts after `used = 0`, then opened().
 */
#ifndef VCAP_TEST_MADE_FILE_H
#define VCAP_TEST_MADE_FILE_H

#include "capfile/pcapng.h"
#include "capfile/reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file under construction; its numbers are written in this order. */
static unsigned char bytes[1 << 20];
static size_t used, block_at;
static bool big;

static inline void
put(uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		bytes[used++] = (unsigned char)(value >> 8 * (big ? width - 1 - i : i));
}

static inline void
put_bytes(const void *from, size_t size)
{
	memcpy(bytes + used, from, size);
	used += size;
}

static inline void
pad(void)
{
	while (used % 4)
		bytes[used++] = 0;
}

static inline void
begin(uint32_t type)
{
	block_at = used;
	put(type, 4);
	put(0, 4);
}

static inline void
end(void)
{
	size_t size = used - block_at + 4, at = used;

	used = block_at + 4;
	put(size, 4);
	used = at;
	put(size, 4);
}

static inline void
option(uint16_t code, const void *value, uint16_t size)
{
	put(code, 2);
	put(size, 2);
	put_bytes(value, size);
	pad();
}

static inline void
option_number(uint16_t code, uint64_t value, int width)
{
	put(code, 2);
	put((uint64_t)width, 2);
	put(value, width);
	pad();
}

static inline void
option_time(uint16_t code, uint64_t ticks)
{
	put(code, 2);
	put(8, 2);
	put(ticks >> 32, 4);
	put(ticks, 4);
}

static inline void
section(const char *application)
{
	begin(PCAPNG_SHB);
	put(PCAPNG_MAGIC, 4);
	put(1, 2);
	put(0, 2);
	put(UINT64_MAX, 8);
	if (application)
		option(OPT_SHB_USERAPPL, application, (uint16_t)strlen(application));
	end();
}

static inline void
interface(int resolution, int64_t offset)
{
	unsigned char byte = (unsigned char)resolution;

	begin(PCAPNG_IDB);
	put(LINKTYPE_EN10MB, 2);
	put(0, 2);
	put(96, 4);
	option(OPT_IF_NAME, "eth0", 4);
	if (resolution >= 0)
		option(OPT_IF_TSRESOL, &byte, 1);
	if (offset)
		option_number(OPT_IF_TSOFFSET, (uint64_t)offset, 8);
	end();
}

static inline void
packet(uint32_t id, uint64_t ticks, uint32_t caplen)
{
	begin(PCAPNG_EPB);
	put(id, 4);
	put(ticks >> 32, 4);
	put(ticks, 4);
	put(caplen, 4);
	put(caplen + 10, 4);
	memset(bytes + used, 0xab, caplen);
	used += caplen;
	pad();
	end();
}

static inline void
pcap(uint32_t magic)
{
	put(magic, 4);
	put(2, 2);
	put(4, 2);
	put(0, 8);
	put(65535, 4);
	put(LINKTYPE_EN10MB, 4);
}

static inline void
record(uint32_t seconds, uint32_t fraction, uint32_t caplen, uint32_t len)
{
	put(seconds, 4);
	put(fraction, 4);
	put(caplen, 4);
	put(len, 4);
	memset(bytes + used, 0xcd, caplen);
	used += caplen;
}

static inline int
memory_file(void)
{
	int fd = memfd_create("capture", 0);

	if (write(fd, bytes, used) != (ssize_t)used || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static struct failure why;

static inline struct reader *
opened(void)
{
	int fd = memory_file();
	struct reader *file = reader_open_fd(fd, "made", &why);

	if (!file)
		close(fd);
	return file;
}

/* Reads to the end; the number of packets, and the final event. */
static inline unsigned
drain(struct reader *file, enum source_event *last)
{
	struct source *source = reader_source(file);
	struct packet p;
	unsigned count = 0;

	while ((*last = source->next(source, &p, &why)) != SOURCE_END && *last != SOURCE_CUT)
		count += *last == SOURCE_PACKET;
	return count;
}

#endif
