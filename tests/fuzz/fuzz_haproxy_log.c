/* Lines of HAProxy's log: a pair in one can be printed and parsed again. */
#include "flows/haproxy_log.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), *printed = NULL;
	struct connpair pair, again;
	struct failure why = FAILURE_INIT;
	size_t length;
	FILE *out;

	switch (haproxy_log_parse(&pair, line, &why)) {
	case HAPROXY_LOG_PAIR:
		must(strstr(line, "vcap="));
		must(pair.time_ns >= 0 && pair.client.has_addr);
		must(pair.said.end[0] || (pair.source.has_port && pair.server.has_port));
		out = open_memstream(&printed, &length);
		must(out);
		connpair_print(&pair, out);
		must(fclose(out) == 0);
		must(connpair_parse(&again, printed, &why) == 0);
		must(again.time_ns == pair.time_ns);
		must(again.client.addr.value == pair.client.addr.value);
		must(again.server.port == pair.server.port);
		free(printed);
		break;
	case HAPROXY_LOG_BAD: must(*why.text); break;
	case HAPROXY_LOG_OTHER: break;
	}
	free(line);
	return 0;
}
