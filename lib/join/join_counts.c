#include "join/join_counts.h"

#include "base/strvec.h"

#include <stdio.h>
#include <stdlib.h>

/* "; told by tables 2, headers 5", or nothing. */
static void
print_told(const struct join_counts *counts, FILE *out)
{
	static const char *const names[JOIN_EVIDENCES] = {
	    [JOIN_BY_ADDRESSES] = "addresses",
	    [JOIN_BY_TABLES] = "tables",
	    [JOIN_BY_PROXY] = "PROXY headers",
	    [JOIN_BY_HEADERS] = "request headers",
	};
	const char *between = "; told by ";

	for (int i = 0; i < JOIN_EVIDENCES; i++) {
		if (!counts->told[i])
			continue;
		fprintf(out, "%s%s %llu", between, names[i], (unsigned long long)counts->told[i]);
		between = ", ";
	}
}

char *
join_counts_format(const struct join_counts *counts, uint64_t expired)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "server connections: %llu wanted, %llu not, %llu undecided",
		(unsigned long long)counts->wanted, (unsigned long long)counts->other,
		(unsigned long long)counts->undecided);
	if (counts->monitors)
		fprintf(out, ", %llu health checks", (unsigned long long)counts->monitors);
	if (expired)
		fprintf(out, ", %llu packets not decided in time", (unsigned long long)expired);
	print_told(counts, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

const char *
join_counts_advice(const struct join_counts *counts)
{
	if (!counts->undecided)
		return NULL;
	if (counts->has_tables)
		return "what is undecided would be told by the PROXY protocol (send-proxy-v2), or "
		       "by "
		       "the header that the engines write (vcap-service(5))";
	return "what is undecided would be told by tables (flows= in vcap-engines(5)), by the "
	       "PROXY "
	       "protocol (send-proxy-v2), or by the header that the engines write "
	       "(vcap-service(5))";
}

char *
join_counts_remarks(const struct join_counts *counts, uint64_t expired)
{
	const char *advice = join_counts_advice(counts);
	struct strvec lines = STRVEC_INIT;
	char *text;

	if (counts->useless_pairs)
		strvec_pushf(&lines, "%llu pairs lack a server or its port and are not used",
			     (unsigned long long)counts->useless_pairs);
	if (counts->by_address)
		strvec_push(&lines,
			    "some connections were joined by address alone, as no port was known");
	if (counts->vip_unknown)
		strvec_push(&lines,
			    "clients were identified without their service: connections of other "
			    "services to the same servers are kept too");
	strvec_push_nodup(&lines, join_counts_format(counts, expired));
	if (advice)
		strvec_push(&lines, advice);
	text = strvec_join(&lines, "\n");
	strvec_release(&lines);
	return text;
}
