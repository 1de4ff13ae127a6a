/*
 * A fuzz target without a fuzzer: fuzz_NOUN [-m COUNT] [FILE...]
 *
 * Runs the target on each file and, with -m, on COUNT damaged copies of it: cut at some byte, or
 * with one to four bytes changed. The same arguments give the same copies.
 */
#include "fuzz.h"

#include <unistd.h>

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t
random_below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? (size_t)((state >> 11) % limit) : 0;
}

static uint8_t *
read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "re");
	uint8_t *data = NULL, *grown;
	size_t room = 0, n;

	must(in);
	*size = 0;
	do {
		if (*size == room) {
			room = room ? 2 * room : 4096;
			grown = realloc(data, room);
			must(grown);
			data = grown;
		}
		n = fread(data + *size, 1, room - *size, in);
		*size += n;
	} while (n > 0);
	must(!ferror(in));
	fclose(in);
	return data;
}

/* The target must not rely on what stands behind its input, nor keep it. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	must(copy);
	if (size)
		memcpy(copy, data, size);
	must(LLVMFuzzerTestOneInput(copy, size) == 0);
	free(copy);
}

static void
run_damaged(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size == 0 || random_below(4) == 0) {
		run(data, random_below(size));
		return;
	}
	copy = malloc(size);
	must(copy);
	memcpy(copy, data, size);
	for (size_t flips = 1 + random_below(4); flips > 0; flips--)
		copy[random_below(size)] = (uint8_t)random_below(256);
	run(copy, size);
	free(copy);
}

int
main(int argc, char **argv)
{
	unsigned long damaged = 0;
	int letter;

	while ((letter = getopt(argc, argv, "m:")) != -1) {
		if (letter != 'm')
			return 2;
		damaged = strtoul(optarg, NULL, 10);
	}
	run(NULL, 0);
	for (char **path = argv + optind; *path; path++) {
		size_t size;
		uint8_t *data = read_file(*path, &size);

		run(data, size);
		for (unsigned long i = 0; i < damaged; i++)
			run_damaged(data, size);
		free(data);
	}
	return 0;
}
