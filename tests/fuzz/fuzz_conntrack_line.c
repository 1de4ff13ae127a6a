/* Lines of the conntrack tool: a pair in one can be printed and parsed again. */
#include "flows/conntrack_line.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), *printed = NULL;
	struct connpair pair, again;
	struct failure why = FAILURE_INIT;
	size_t length;
	FILE *out;

	switch (conntrack_line_parse(&pair, line, 1, &why)) {
	case CONNTRACK_LINE_PAIR:
		must(strstr(line, "src=") && strstr(line, "dport="));
		must(pair.time_ns >= 0);
		must(!connpair_end_matches(&pair.vip, pair.server.addr, pair.server.port));
		out = open_memstream(&printed, &length);
		must(out);
		connpair_print(&pair, out);
		must(fclose(out) == 0);
		must(connpair_parse(&again, printed, &why) == 0);
		must(again.time_ns == pair.time_ns && again.is_end == pair.is_end);
		must(again.client.addr.value == pair.client.addr.value);
		must(again.vip.port == pair.vip.port);
		must(again.source.port == pair.source.port);
		must(again.server.addr.value == pair.server.addr.value);
		free(printed);
		break;
	case CONNTRACK_LINE_BAD: must(*why.text); break;
	case CONNTRACK_LINE_OTHER: break;
	}
	free(line);
	return 0;
}
