/* What a HAProxy answers, in pieces of any size: lines, and the sessions among them. */
#include "base/linebuf.h"
#include "flows/haproxy_sess.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct haproxy_sess session = HAPROXY_SESS_INIT;
	struct linebuf *reader = malloc(sizeof(*reader));
	size_t taken = 0, step = size ? data[0] * 64 + 1 : 1, lines = 0;
	struct connpair pairing;
	char *line;

	must(reader);
	linebuf_init(reader);
	while (taken < size) {
		size_t room, n = step;
		char *space = linebuf_space(reader, &room);

		must(room > 0);
		if (n > room)
			n = room;
		if (n > size - taken)
			n = size - taken;
		memcpy(space, data + taken, n);
		linebuf_filled(reader, n);
		taken += n;
		while ((line = linebuf_next(reader))) {
			must(strlen(line) < LINEBUF_ROOM);
			must(++lines <= size);
			if (haproxy_sess_take(&session, line, 1, &pairing))
				must(pairing.client.has_addr && pairing.source.has_port &&
				     pairing.server.has_port);
		}
	}
	line = linebuf_rest(reader);
	must(!line || strlen(line) < LINEBUF_ROOM);
	free(reader);
	return 0;
}
