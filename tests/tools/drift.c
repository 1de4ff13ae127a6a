/*
 * drift PPM BASE: copies a stream of vcap-run's, what stands before its first section included, as it would be if
 * the clock ran PPM parts per million fast (negative: slow) since BASE, in seconds since 1970: times of packets
 * and statistics, in nanoseconds as vcap-run writes them, are moved.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHB = 0x0a0d0d0a, ISB = 5, EPB = 6, STARTTIME = 2, ENDTIME = 3 };

static int64_t ppm, base_ns;

/* A time of pcapng: the high word first. */
static void
move(unsigned char *at)
{
	uint32_t words[2];
	uint64_t ns;

	memcpy(words, at, sizeof(words));
	ns = (uint64_t)words[0] << 32 | words[1];
	ns += (uint64_t)((__int128)((int64_t)ns - base_ns) * ppm / 1000000);
	words[0] = (uint32_t)(ns >> 32);
	words[1] = (uint32_t)ns;
	memcpy(at, words, sizeof(words));
}

static void
move_options(unsigned char *at, const unsigned char *end)
{
	while (end - at >= 4) {
		uint16_t head[2];

		memcpy(head, at, sizeof(head));
		if ((head[0] == STARTTIME || head[0] == ENDTIME) && head[1] == 8)
			move(at + 4);
		at += 4 + (head[1] + 3u) / 4 * 4;
	}
}

static void
put(const void *bytes, size_t size)
{
	if (fwrite(bytes, 1, size, stdout) != size || fflush(stdout) != 0)
		exit(1);
}

int
main(int argc, char **argv)
{
	static unsigned char block[1 << 21];
	uint32_t head[2];
	int byte;

	if (argc != 3)
		return 2;
	ppm = atoll(argv[1]);
	base_ns = atoll(argv[2]) * INT64_C(1000000000);
	setvbuf(stdin, NULL, _IONBF, 0);
	/* A line by which vcap-host answers. */
	while ((byte = getchar()) != EOF && byte != (SHB & 0xff)) {
		do {
			block[0] = (unsigned char)byte;
			put(block, 1);
		} while (byte != '\n' && (byte = getchar()) != EOF);
	}
	ungetc(byte, stdin);
	while (fread(head, 1, sizeof(head), stdin) == sizeof(head) && head[1] >= 12 &&
	       head[1] <= sizeof(block)) {
		memcpy(block, head, sizeof(head));
		if (fread(block + 8, 1, head[1] - 8, stdin) != head[1] - 8)
			break;
		if (head[0] == EPB || head[0] == ISB)
			move(block + 12);
		if (head[0] == ISB)
			move_options(block + 20, block + head[1] - 4);
		put(block, head[1]);
	}
	return 0;
}
