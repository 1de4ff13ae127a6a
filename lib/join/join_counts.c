#include "join/join_counts.h"

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
