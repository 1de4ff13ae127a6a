#include "flows/pairsource.h"

#include "flows/haproxy_log.h"

#define MS INT64_C(1000000)

int64_t
pairsource_log_line(struct pairsource *feed, const char *line, int64_t since_ns)
{
	struct connpair pairing;
	struct failure why;

	switch (haproxy_log_parse(&pairing, line, &why)) {
	case HAPROXY_LOG_PAIR:
		if (pairing.time_ns >= since_ns)
			feed->report(feed->context, &pairing);
		return pairing.time_ns;
	case HAPROXY_LOG_BAD:
		if (!feed->has_bad_lines)
			failure_set(&feed->note, "lines of the log are no pairs; the first: %s",
				    why.text);
		feed->has_bad_lines = true;
		break;
	case HAPROXY_LOG_OTHER: break;
	}
	return INT64_MIN;
}

int
pairsource_ms_until(int64_t then_ns, int64_t now_ns)
{
	const int64_t ms = (then_ns - now_ns + MS - 1) / MS;

	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}
