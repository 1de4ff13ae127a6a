/*
 * Packets of a time in any capture: eight bytes that say where to look and for what, then the file. What is found
 * is in the file, and not older than what was asked for.
 */
#include "capfile/timeseek.h"
#include "capture.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timeseek from, found;
	struct failure why;
	struct packet packet;
	struct reader *file;
	uint32_t guess, on;
	int fd;

	if (size < 8)
		return 0;
	memcpy(&guess, data, 4);
	memcpy(&on, data + 4, 4);
	fd = file_of(data + 8, size - 8);
	file = reader_open_fd(fd, "input", &why);
	if (!file) {
		close(fd);
		return 0;
	}
	if (reader_source(file)->revisit &&
	    reader_source(file)->next(reader_source(file), &packet, &why) == SOURCE_PACKET) {
		from = (struct timeseek){reader_source(file)->place, packet.ts_ns};
		if (timeseek_near(file, &from, guess % size, &found))
			must(found.place >= guess % size && found.place < size &&
			     found.ts_ns >= from.ts_ns);
		if (timeseek_find(file, &from, guess, from.ts_ns + 1 + on, &found))
			must(found.place < size && found.ts_ns > from.ts_ns + on);
	}
	reader_close(file);
	return 0;
}
