#include "capture/ringshare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX (UINT64_C(512) << 20)

unsigned
ringshare_cores(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/present", "re");
	char text[256] = "";
	long count = sysconf(_SC_NPROCESSORS_CONF);

	/* "0-3" or "0,2-5": the last number is the highest. */
	if (file && fgets(text, sizeof(text), file)) {
		size_t end = strcspn(text, "\n");

		while (end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9')
			end--;
		if (text[end])
			count = strtol(text + end, NULL, 10) + 1;
	}
	if (file)
		fclose(file);
	return count < 1 ? 1 : (unsigned)count;
}

uint64_t
ringshare_of(unsigned cores, uint64_t memory)
{
	const uint64_t share = memory / 32;
	uint64_t most = (uint64_t)cores * (64 << 20);

	if (most > BYTES_MAX)
		most = BYTES_MAX;
	return share < most ? share : most;
}

uint64_t
ringshare_default(unsigned cores)
{
	return ringshare_of(cores,
			    (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}
