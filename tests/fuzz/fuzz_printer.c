/*
 * vcap-print: whatever is in a capture, its names included, each packet is a line of bounded length, without
 * anything a terminal could act upon. The input is what follows the type of the first block of pcapng.
 */
#include "base/text.h"
#include "capture.h"
#include "merge/printer.h"

/* An engine and a side, escaped, and what else there is. */
#define LINE_MOST 2048

static void
check_lines(char *text, uint64_t most)
{
	char *rest = text, *line;
	uint64_t lines = 0;

	while ((line = strsep(&rest, "\n"))) {
		static char safe[LINE_MOST * 4];

		must(strlen(line) < LINE_MOST);
		must(strcmp(text_escape(safe, sizeof(safe), line), line) == 0);
		lines += rest != NULL;
	}
	must(lines <= most);
}

static uint64_t
count_packets(const uint8_t *data, size_t size)
{
	struct failure why;
	struct reader *file = reader_open_fd(file_of(data, size), "input", &why);
	enum source_event event = SOURCE_END;
	struct packet packet;
	uint64_t count = 0;

	for (; file &&
	       (event = reader_source(file)->next(reader_source(file), &packet, &why)) !=
		   SOURCE_END &&
	       event != SOURCE_CUT;)
		count += event == SOURCE_PACKET;
	reader_close(file);
	return count;
}

static void
print(const uint8_t *data, size_t size)
{
	const struct printer_part part = PRINTER_ALL;
	const int fd = file_of(data, size);
	struct failure why;
	struct reader *file = reader_open_fd(fd, "input", &why);
	char *text = NULL;
	size_t length;
	bool is_cut;
	FILE *out;

	if (!file) {
		close(fd);
		return;
	}
	out = open_memstream(&text, &length);
	must(out);
	if (printer_print(reader_source(file), &part, out, false, &is_cut, &why) < 0)
		must(is_cut);
	must(fclose(out) == 0);
	must(strlen(text) == length);
	check_lines(text, count_packets(data, size));
	free(text);
	reader_close(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = pcapng_of(data, &size);

	print(file, size);
	free(file);
	return 0;
}
