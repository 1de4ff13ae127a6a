/* Lines of the conntrack tool: what is read is a pair that can be printed and read again. */
#include "flows/conntrack_line.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), *printed = NULL;
	struct connpair pairing, again;
	struct failure why = FAILURE_INIT;
	size_t length;
	FILE *out;

	switch (conntrack_line_parse(&pairing, line, 1, &why)) {
	case CONNTRACK_LINE_PAIR:
		must(strstr(line, "src=") && strstr(line, "dport="));
		must(pairing.time_ns >= 0);
		must(!connpair_end_matches(&pairing.vip, pairing.server.addr, pairing.server.port));
		out = open_memstream(&printed, &length);
		must(out);
		connpair_print(&pairing, out);
		must(fclose(out) == 0);
		must(connpair_parse(&again, printed, &why) == 0);
		must(again.time_ns == pairing.time_ns && again.is_end == pairing.is_end);
		must(again.client.addr.value == pairing.client.addr.value);
		must(again.vip.port == pairing.vip.port);
		must(again.source.port == pairing.source.port);
		must(again.server.addr.value == pairing.server.addr.value);
		free(printed);
		break;
	case CONNTRACK_LINE_BAD: must(*why.text); break;
	case CONNTRACK_LINE_OTHER: break;
	}
	free(line);
	return 0;
}
