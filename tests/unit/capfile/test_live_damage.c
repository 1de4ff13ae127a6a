/*
 * A stream with damage, in pieces of any size, against the same bytes as a file: the same packets, and the
 * same words about what is missing.
 */
#include "capfile/reader.h"

#include "tap.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS 60

struct capture {
	unsigned char bytes[16000];
	size_t size;
};

static void
put32(struct capture *to, uint32_t value)
{
	memcpy(to->bytes + to->size, &value, 4);
	to->size += 4;
}

/* A payload that differs from packet to packet. */
static void
put_payload(struct capture *to, uint32_t number, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		to->bytes[to->size++] = (unsigned char)(number * 31 + i * 7);
}

static void
make_pcap(struct capture *to)
{
	static const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};

	to->size = 0;
	for (size_t i = 0; i < 6; i++)
		put32(to, header[i]);
	for (uint32_t n = 0; n < PACKETS; n++) {
		const uint32_t size = 60 + n * 13 % 97;

		put32(to, 1700000000 + n / 8);
		put32(to, n % 8 * 1000);
		put32(to, size);
		put32(to, size);
		put_payload(to, n, size);
	}
}

static void
make_pcapng(struct capture *to)
{
	static const uint32_t head[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff,
					28,         1,  20,         1, 262144,     20};

	to->size = 0;
	for (size_t i = 0; i < sizeof(head) / sizeof(*head); i++)
		put32(to, head[i]);
	for (uint32_t n = 0; n < PACKETS; n++) {
		const uint32_t size = 60 + n * 13 % 97 / 4 * 4;

		put32(to, 6);
		put32(to, 32 + size);
		put32(to, 0);
		put32(to, 0);
		put32(to, n + 1);
		put32(to, size);
		put32(to, size);
		put_payload(to, n, size);
		put32(to, 32 + size);
	}
}

/* Flips a bit, makes zeros, takes bytes out or puts some in, somewhere behind the headers. */
static void
damage(struct capture *capture)
{
	const size_t at = 60 + (size_t)random() % (capture->size - 400);
	const size_t count = 1 + (size_t)random() % 200;
	unsigned char *p = capture->bytes + at;

	switch (random() % 4) {
	case 0: *p ^= (unsigned char)(1 << random() % 8); break;
	case 1: memset(p, 0, count); break;
	case 2:
		memmove(p, p + count, capture->size - at - count);
		capture->size -= count;
		break;
	default:
		memmove(p + count, p, capture->size - at);
		memset(p, 0xab, count);
		capture->size += count;
	}
}

/* What was read: a digest of the packets with their times, and how the source ended. */
struct reading {
	uint64_t digest;
	size_t packets;
	char why[256];
};

/* The reader is live if fd is one end of a pair of sockets; then it gets piece bytes whenever it has nothing. */
static struct reading
read_capture(struct reader *file, int fd, const struct capture *capture, size_t piece)
{
	struct source *source = reader_source(file);
	struct reading reading = {0};
	struct packet packet;
	struct failure why = FAILURE_INIT;
	enum source_event event;
	size_t at = 0;

	while ((event = source->next(source, &packet, &why)) != SOURCE_END && event != SOURCE_CUT) {
		if (event == SOURCE_LATER) {
			const size_t left = capture->size - at;
			const size_t count = piece < left ? piece : left;

			if (count && write(fd, capture->bytes + at, count) < 0)
				abort();
			if (!count)
				shutdown(fd, SHUT_WR);
			at += count;
			reader_fill(file);
		}
		if (event != SOURCE_PACKET)
			continue;
		reading.packets++;
		reading.digest = reading.digest * 31 + (uint64_t)packet.ts_ns;
		for (uint32_t i = 0; i < packet.caplen; i++)
			reading.digest = reading.digest * 0x100000001b3u + packet.data[i];
	}
	if (event == SOURCE_CUT)
		snprintf(reading.why, sizeof(reading.why), "%s", why.text);
	reader_close(file);
	return reading;
}

static struct reading
as_file(const struct capture *capture)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (write(fd, capture->bytes, capture->size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return read_capture(reader_open_fd(fd, "x", NULL), -1, capture, 0);
}

static struct reading
as_stream(const struct capture *capture, size_t piece)
{
	struct reading reading;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		abort();
	reading =
	    read_capture(reader_open_live_fd(ends[0], "x", 1 << 20, NULL), ends[1], capture, piece);
	close(ends[0]);
	close(ends[1]);
	return reading;
}

/* A packet of pcap is handed on before the next one has come, by which a file's is judged: where bytes were
 * taken out of it, it is not found out. */
static void
check(void (*make)(struct capture *to), const char *name, unsigned tolerated)
{
	static const size_t pieces[] = {7, 100, 1000, 20000};
	const unsigned rounds = 60;
	struct capture capture;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		unsigned damaged = 0, others = 0;
		size_t kept = 0;

		for (unsigned round = 0; round < rounds; round++) {
			struct reading file, stream;

			srandom(round);
			make(&capture);
			damage(&capture);
			file = as_file(&capture);
			stream = as_stream(&capture, pieces[i]);
			damaged += *file.why != '\0';
			kept += stream.packets;
			if (file.digest == stream.digest && file.packets == stream.packets &&
			    strcmp(file.why, stream.why) == 0)
				continue;
			others++;
		}
		ok(others <= (pieces[i] > capture.size ? 0 : tolerated) && damaged > rounds / 4 &&
		       kept > rounds * (PACKETS - 5),
		   "%s in pieces of %zu: %u of %u damaged, %zu packets kept, %u read differently",
		   name, pieces[i], damaged, rounds, kept, others);
	}
}

/* The stream behind it, in which nonsense is followed by the packets once more. Returns how many packets are
 * read before it is cut, or all is; *nonsense of its bytes are written then. */
static size_t
read_through(const struct capture *capture, size_t *nonsense, bool *is_cut)
{
	static unsigned char chunk[64 << 10];
	const size_t wanted = *nonsense;
	struct packet packet;
	struct failure why;
	enum source_event event;
	struct reader *file;
	size_t packets = 0;
	bool has_repeated = false;
	int ends[2], room = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		abort();
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	memset(chunk, 0xab, sizeof(chunk));
	file = reader_open_live_fd(ends[0], "x", 1 << 20, NULL);
	if (write(ends[1], capture->bytes, capture->size) < 0)
		abort();
	*nonsense = 0;
	while ((event = reader_source(file)->next(reader_source(file), &packet, &why)) !=
		   SOURCE_END &&
	       event != SOURCE_CUT) {
		packets += event == SOURCE_PACKET;
		if (event != SOURCE_LATER)
			continue;
		reader_fill(file);
		if (*nonsense < wanted) {
			*nonsense += sizeof(chunk);
			if (write(ends[1], chunk, sizeof(chunk)) < 0)
				abort();
		} else if (!has_repeated) {
			has_repeated = true;
			if (write(ends[1], capture->bytes, capture->size) < 0)
				abort();
		} else {
			shutdown(ends[1], SHUT_WR);
		}
	}
	/* What is passed over has a place in the end. */
	*is_cut = event == SOURCE_CUT && !reader_is_passing(file);
	reader_close(file);
	close(ends[0]);
	close(ends[1]);
	return packets;
}

static void
check_endless(void (*make)(struct capture *to), const char *name)
{
	struct capture capture;
	size_t nonsense = 12 << 20, packets;
	bool is_cut;

	make(&capture);
	packets = read_through(&capture, &nonsense, &is_cut);
	ok(packets >= 2 * PACKETS - 5, "%s: behind 12 MiB of nonsense it goes on: %zu packets",
	   name, packets);
	nonsense = 64 << 20;
	packets = read_through(&capture, &nonsense, &is_cut);
	ok(is_cut && packets >= PACKETS - 5 && nonsense > 16 << 20 && nonsense < 20 << 20,
	   "%s: more is no capture: it is cut after %zu KiB", name, nonsense >> 10);
}

int
main(void)
{
	check_endless(make_pcap, "pcap");
	check_endless(make_pcapng, "pcapng");
	check(make_pcap, "pcap", 9);
	check(make_pcapng, "pcapng", 0);
	return done_testing();
}
