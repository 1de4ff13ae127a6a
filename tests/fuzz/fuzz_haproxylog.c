/* Lines of HAProxy's log: what is read is a pair that can be printed and read again. */
#include "fuzz.h"
#include "haproxylog.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), *printed = NULL;
	struct pairing pairing, again;
	struct failure why = FAILURE_INIT;
	size_t length;
	FILE *out;

	switch (haproxylog_parse(&pairing, line, &why)) {
	case HAPROXYLOG_PAIR:
		must(strstr(line, "vcap="));
		must(pairing.time_ns >= 0 && pairing.client.has_addr && pairing.source.has_port &&
		     pairing.server.has_port);
		out = open_memstream(&printed, &length);
		must(out);
		pairing_print(&pairing, out);
		must(fclose(out) == 0);
		must(pairing_parse(&again, printed, &why) == 0);
		must(again.time_ns == pairing.time_ns);
		must(again.client.addr.value == pairing.client.addr.value);
		must(again.server.port == pairing.server.port);
		free(printed);
		break;
	case HAPROXYLOG_BAD: must(*why.text); break;
	case HAPROXYLOG_OTHER: break;
	}
	free(line);
	return 0;
}
