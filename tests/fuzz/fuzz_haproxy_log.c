/* Lines of HAProxy's log: what is read is a pair that can be printed and read again. */
#include "flows/haproxy_log.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), *printed = NULL;
	struct connpair pairing, again;
	struct failure why = FAILURE_INIT;
	size_t length;
	FILE *out;

	switch (haproxy_log_parse(&pairing, line, &why)) {
	case HAPROXY_LOG_PAIR:
		must(strstr(line, "vcap="));
		must(pairing.time_ns >= 0 && pairing.client.has_addr && pairing.source.has_port &&
		     pairing.server.has_port);
		out = open_memstream(&printed, &length);
		must(out);
		connpair_print(&pairing, out);
		must(fclose(out) == 0);
		must(connpair_parse(&again, printed, &why) == 0);
		must(again.time_ns == pairing.time_ns);
		must(again.client.addr.value == pairing.client.addr.value);
		must(again.server.port == pairing.server.port);
		free(printed);
		break;
	case HAPROXY_LOG_BAD: must(*why.text); break;
	case HAPROXY_LOG_OTHER: break;
	}
	free(line);
	return 0;
}
