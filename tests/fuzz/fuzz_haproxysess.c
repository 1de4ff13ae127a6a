/* What a HAProxy answers, in pieces of any size: lines, and the sessions among them. */
#include "fuzz.h"
#include "haproxysess.h"
#include "linereader.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct haproxysess session = HAPROXYSESS_INIT;
	struct linereader *reader = malloc(sizeof(*reader));
	size_t taken = 0, step = size ? data[0] * 64 + 1 : 1, lines = 0;
	struct pairing pairing;
	char *line;

	must(reader);
	linereader_init(reader);
	while (taken < size) {
		size_t room, n = step;
		char *space = linereader_space(reader, &room);

		must(room > 0);
		if (n > room)
			n = room;
		if (n > size - taken)
			n = size - taken;
		memcpy(space, data + taken, n);
		linereader_filled(reader, n);
		taken += n;
		while ((line = linereader_next(reader))) {
			must(strlen(line) < LINEREADER_ROOM);
			must(++lines <= size);
			if (haproxysess_take(&session, line, 1, &pairing))
				must(pairing.client.has_addr && pairing.source.has_port &&
				     pairing.server.has_port);
		}
	}
	line = linereader_rest(reader);
	must(!line || strlen(line) < LINEREADER_ROOM);
	free(reader);
	return 0;
}
