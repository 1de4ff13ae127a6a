#include "flows/matchcount.h"

#include "base/parse.h"

#include <stdio.h>

int
matchcount_parse(const char *line, unsigned *number, uint64_t *matches, uint64_t *limited)
{
	char words[3][24];
	uint64_t first;
	int used = 0;

	if (*line == '#')
		return 0;
	if (sscanf(line, "%23[0-9] %23[0-9] %23[0-9]%n", words[0], words[1], words[2], &used) !=
		3 ||
	    line[used] || parse_number(words[0], MATCHCOUNT_MOST, &first, NULL) < 0 || first == 0 ||
	    parse_number(words[1], UINT64_MAX, matches, NULL) < 0 ||
	    parse_number(words[2], UINT64_MAX, limited, NULL) < 0)
		return -1;
	*number = (unsigned)first;
	return 1;
}
