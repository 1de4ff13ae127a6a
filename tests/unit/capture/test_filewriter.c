/*
 * A file is a sequence of whole blocks, whatever the limits and the file system say.
 */
#include "capfile/pcapng.h"
#include "capture/filewriter.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/writer.XXXXXX";
static unsigned char payload[1000];

static int
open_file(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/file", directory);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(path);
	return fd;
}

/* Whole packet blocks in the file, or -1 if it ends within one. */
static int
packets_in(int fd)
{
	uint32_t head[2];
	off_t at = 0, size = lseek(fd, 0, SEEK_END);
	int count = 0;

	for (; at < size; at += head[1]) {
		if (pread(fd, head, sizeof(head), at) != sizeof(head) || head[1] % 4 ||
		    at + head[1] > size)
			return -1;
		count += head[0] == PCAPNG_EPB;
	}
	return count;
}

/* Adds packets until the writer stops; returns the number of packets added less those not written.
 */
static int
fill(struct filewriter *writer)
{
	struct packet packet = {.len = 1000, .data = payload, .core = PACKET_NO_CORE};
	uint32_t id, caplen, len;
	size_t at = 0;
	int kept = 0;

	for (int i = 0; i < 10000 && !writer->stop; i++) {
		packet.caplen = (uint32_t)(i * 37 % 1000);
		kept += filewriter_packet(writer, 0, &packet) == 0;
		if (i % 10 == 0)
			filewriter_flush(writer);
	}
	while (filewriter_next_unwritten(writer, &at, &id, &caplen, &len))
		kept--;
	return kept;
}

static void
test_quota(uint64_t max_size)
{
	int fd = open_file(), copy = dup(fd), kept;
	struct diskquota quota;
	struct filewriter writer;
	struct failure why;
	struct stat st;
	struct blocks end = BLOCKS_INIT;

	pcapng_write_raw(&end, PCAPNG_ISB, payload, 100);
	ok(diskquota_init(&quota, fd, max_size, 0, 112, &why) == 0, "quota of %d", (int)max_size);
	filewriter_open(&writer, fd, FILEWRITER_FILE, &quota, &why);
	kept = fill(&writer);
	ok(writer.stop == FILEWRITER_SIZE, "stopped for its size");
	ok(filewriter_end(&writer, end.bytes, end.used, FILEWRITER_SYNC) == 0,
	   "the end found room");
	ok(packets_in(copy) == kept, "whole blocks: the %d kept", kept);
	fstat(copy, &st);
	ok((uint64_t)st.st_size <= max_size && (uint64_t)st.st_size + 1200 > max_size,
	   "as many as fit");
	close(copy);
	blocks_release(&end);
}

static void
test_refusal(rlim_t limit)
{
	int fd = open_file(), copy = dup(fd), kept;
	struct rlimit unlimited, small;
	struct filewriter writer;
	struct failure why;
	struct blocks end = BLOCKS_INIT;

	getrlimit(RLIMIT_FSIZE, &unlimited);
	small = (struct rlimit){limit, unlimited.rlim_max};
	pcapng_write_raw(&end, PCAPNG_ISB, payload, 100);
	filewriter_open(&writer, fd, FILEWRITER_FILE, NULL, &why);
	filewriter_limit(&writer, 0, (uint32_t)end.used);
	setrlimit(RLIMIT_FSIZE, &small);
	kept = fill(&writer);
	ok(writer.stop == FILEWRITER_DISK_FULL, "refused after %d bytes", (int)limit);
	filewriter_end(&writer, end.bytes, end.used, FILEWRITER_SYNC);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	ok(packets_in(copy) == kept, "whole blocks: the %d kept", kept);
	close(copy);
	blocks_release(&end);
}

int
main(void)
{
	int fds[2];
	struct filewriter writer;
	struct failure why;

	if (!mkdtemp(directory))
		return 1;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (uint64_t size = 50000; size < 50000 + 64 * 40; size += 64 * 7 + 4)
		test_quota(size);
	for (rlim_t limit = 30000; limit < 31000; limit += 97)
		test_refusal(limit);
	ok(pipe(fds) == 0, "a pipe");
	filewriter_open(&writer, fds[1], FILEWRITER_STREAM, NULL, &why);
	close(fds[0]);
	fill(&writer);
	ok(writer.stop == FILEWRITER_CLOSED, "without a reader it is closed");
	filewriter_end(&writer, NULL, 0, FILEWRITER_SYNC);
	rmdir(directory);
	return done_testing();
}
