#include "flowfeed.h"

#include "haproxylog.h"

#define MS INT64_C(1000000)

int64_t
flowfeed_log_line(struct flowfeed *feed, const char *line, int64_t since_ns)
{
	struct pairing pairing;
	struct failure why;

	switch (haproxylog_parse(&pairing, line, &why)) {
	case HAPROXYLOG_PAIR:
		if (pairing.time_ns >= since_ns)
			feed->report(feed->context, &pairing);
		return pairing.time_ns;
	case HAPROXYLOG_BAD:
		if (!feed->has_bad_lines)
			failure_set(&feed->note, "lines of the log are no pairs; the first: %s",
				    why.text);
		feed->has_bad_lines = true;
		break;
	case HAPROXYLOG_OTHER: break;
	}
	return INT64_MIN;
}

int
flowfeed_ms_until(int64_t then_ns, int64_t now_ns)
{
	const int64_t ms = (then_ns - now_ns + MS - 1) / MS;

	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}
