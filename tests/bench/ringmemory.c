/* The memory that rings take by default, by CPUs and memory of the host: a table in Markdown. */
#include "capture/ringshare.h"

#include <inttypes.h>
#include <stdio.h>

int
main(void)
{
	static const unsigned gibibytes[] = {1, 4, 16, 64, 256};
	const size_t columns = sizeof(gibibytes) / sizeof(*gibibytes);

	printf("| CPUs |");
	for (size_t i = 0; i < columns; i++)
		printf(" %u GiB |", gibibytes[i]);
	printf("\n|-|");
	for (size_t i = 0; i < columns; i++)
		printf("-|");
	putchar('\n');
	for (unsigned cpus = 1; cpus <= 256; cpus *= 2) {
		printf("| %u |", cpus);
		for (size_t i = 0; i < columns; i++)
			printf(" %" PRIu64 " |",
			       ringshare_of(cpus, (uint64_t)gibibytes[i] << 30) >> 20);
		putchar('\n');
	}
	return 0;
}
