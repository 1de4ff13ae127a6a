/*
 * vcap-merge over two captures: two bytes that say how long the first is, the first, the second.
 * Every packet of either is in the output, in order, and the order of the arguments does not
 * matter.
 */
#include "capture.h"

#include "merge/merge_cmd.h"

/* What of an input must be found in the output: how many packets, and a sum over their contents. */
struct content {
	uint64_t packets, sum;
	bool is_readable;
};

static struct content
content_of(int fd)
{
	struct content content = {0};
	struct failure why;
	struct reader *file = reader_open_fd(fd, "input", &why);
	enum source_event event;
	struct packet packet;

	if (!file) {
		close(fd);
		return content;
	}
	content.is_readable = true;
	while ((event = reader_source(file)->next(reader_source(file), &packet, &why)) !=
		   SOURCE_END &&
	       event != SOURCE_CUT) {
		if (event != SOURCE_PACKET)
			continue;
		packet.iface = 0;
		content.packets++;
		content.sum += digest(digest_packet(&packet), &packet.ts_ns, sizeof(packet.ts_ns));
	}
	reader_close(file);
	return content;
}

/* Merges to a file in memory; -1 if it was refused. engine is "NAME=", or empty. */
static int
merge(const int *inputs, const char *engine)
{
	struct merge_cmd cmd = MERGE_CMD_INIT;
	int out = file_of(NULL, 0), rc = 0;
	char words[2][32];
	struct failure why;

	for (int i = 0; i < 2; i++)
		snprintf(words[i], sizeof(words[i]), "%s/proc/self/fd/%d", engine, inputs[i]);
	/* In place of merge_cmd_open_output, which would make a file. */
	cmd.out.fd = dup(out);
	cmd.can_start_over = true;
	rc = merge_cmd_open_inputs(&cmd, (char *const[]){words[0], words[1], NULL}, &why);
	if (rc == 0)
		rc = merge_cmd_start(&cmd, &why);
	if (rc == 0)
		rc = merge_cmd_write(&cmd, &why);
	merge_cmd_release(&cmd);
	must(rc == 0 || why.text[0]);
	if (rc == 0)
		return out;
	close(out);
	return -1;
}

static bool
is_same_file(int a, int b)
{
	off_t size = lseek(a, 0, SEEK_END);
	char *x, *y;
	bool same;

	if (size != lseek(b, 0, SEEK_END))
		return false;
	x = malloc((size_t)size);
	y = malloc((size_t)size);
	must(x && y);
	must(pread(a, x, (size_t)size, 0) == size && pread(b, y, (size_t)size, 0) == size);
	same = memcmp(x, y, (size_t)size) == 0;
	free(x);
	free(y);
	return same;
}

static void
check_order(int fd)
{
	struct failure why;
	struct reader *file;
	enum source_event event;
	struct packet packet;
	int64_t before = 0;

	lseek(fd, 0, SEEK_SET);
	file = reader_open_fd(dup(fd), "output", &why);
	must(file);
	while ((event = reader_source(file)->next(reader_source(file), &packet, &why)) !=
	       SOURCE_END) {
		must(event != SOURCE_CUT);
		if (event != SOURCE_PACKET)
			continue;
		must(packet.ts_ns >= before);
		before = packet.ts_ns;
	}
	must(!reader_section(file)->cut_short);
	reader_close(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct content wanted[2], found;
	int inputs[2], outs[2];
	const char *engine;
	size_t first;

	if (size < 2)
		return 0;
	first = (size_t)data[0] << 8 | data[1];
	first = first > size - 2 ? size - 2 : first;
	inputs[0] = file_of(data + 2, first);
	inputs[1] = file_of(data + 2 + first, size - 2 - first);
	for (int i = 0; i < 2; i++) {
		wanted[i] = content_of(dup(inputs[i]));
		lseek(inputs[i], 0, SEEK_SET);
	}
	/* Of one engine, or of two. */
	engine = size & 1 ? "x=" : "";
	outs[0] = merge(inputs, engine);
	outs[1] = merge((const int[]){inputs[1], inputs[0]}, engine);
	must((outs[0] < 0) == (outs[1] < 0));
	if (outs[0] >= 0) {
		must(wanted[0].is_readable && wanted[1].is_readable);
		check_order(outs[0]);
		must(is_same_file(outs[0], outs[1]));
		lseek(outs[0], 0, SEEK_SET);
		found = content_of(outs[0]);
		must(found.packets == wanted[0].packets + wanted[1].packets);
		must(found.sum == wanted[0].sum + wanted[1].sum);
		close(outs[1]);
	}
	close(inputs[0]);
	close(inputs[1]);
	return 0;
}
