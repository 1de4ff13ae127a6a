/* The answer of HAProxy, in pieces of any size: lines, and the sessions in them. */
#include "base/linebuf.h"
#include "flows/haproxy_sess.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct haproxy_sess session = HAPROXY_SESS_INIT;
	struct linebuf *lines = malloc(sizeof(*lines));
	size_t taken = 0, step = size ? data[0] * 64 + 1 : 1, line_count = 0;
	struct connpair pair;
	char *line;

	must(lines);
	linebuf_init(lines);
	while (taken < size) {
		size_t room, n = step;
		char *space = linebuf_space(lines, &room);

		must(room > 0);
		if (n > room)
			n = room;
		if (n > size - taken)
			n = size - taken;
		memcpy(space, data + taken, n);
		linebuf_filled(lines, n);
		taken += n;
		while ((line = linebuf_next(lines))) {
			must(strlen(line) < LINEBUF_ROOM);
			must(++line_count <= size);
			if (haproxy_sess_parse(&session, line, 1, &pair))
				must(pair.client.has_addr && pair.source.has_port &&
				     pair.server.has_port);
		}
	}
	line = linebuf_rest(lines);
	must(!line || strlen(line) < LINEBUF_ROOM);
	free(lines);
	return 0;
}
