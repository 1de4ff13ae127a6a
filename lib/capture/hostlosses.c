#include "capture/hostlosses.h"

#include "base/clock.h"
#include "capture/ifrule.h"
#include "capture/losses.h"

#include <stdlib.h>
#include <time.h>

/* Between looks at the accept queues: one that was full may soon have room again. */
#define LOOK_EVERY_NS (NS_PER_SECOND / 10)

/* Fills the table with the interfaces whose losses count. */
static int
choose(char *const *names, struct iftable *table, struct failure *why)
{
	struct ifrule rule = {0};
	struct ifaces ifaces = IFACES_INIT;
	int rc;

	while (names[rule.named_count])
		rule.named_count++;
	rule.named = (const char *const *)names;
	rc = ifaces_read(&ifaces, why) < 0 || ifrule_check(&rule, &ifaces, why) < 0 ||
		     iftable_init(table, (uint32_t)ifaces.count, why) < 0
		 ? -1
		 : 0;
	if (rc == 0)
		ifrule_apply(&rule, &ifaces);
	for (size_t i = 0; rc == 0 && i < ifaces.count; i++)
		if (ifaces.list[i].taken)
			iftable_add(table, &ifaces.list[i], 0);
	ifaces_release(&ifaces);
	return rc;
}

static void
watch(struct losses *losses, FILE *out)
{
	static struct loss list[LOSSES_MAX];
	const int64_t begun = clock_monotonic_ns();
	size_t count;

	losses_begin(losses);
	while (clock_monotonic_ns() - begun < NS_PER_SECOND) {
		nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_NS}, NULL);
		losses_refresh(losses);
	}
	fprintf(out, "losses " CLOCK_FORMAT "\n", CLOCK_ARGS(clock_monotonic_ns() - begun));
	count = losses_list(losses, list, LOSSES_MAX);
	for (size_t i = 0; i < count; i++) {
		char text[LOSS_TEXT_MAX];

		loss_format(&list[i], text);
		fprintf(out, "lost-%zu %s\n", i, text);
	}
}

int
hostlosses_reply(char *const *operands, FILE *out, notices_print *print, struct failure *why)
{
	struct iftable table = IFTABLE_INIT;
	struct losses losses = LOSSES_INIT;

	(void)print;
	if (choose(operands, &table, why) < 0)
		return -1;
	losses_open(&losses, &table, 0);
	watch(&losses, out);
	losses_close(&losses);
	iftable_release(&table);
	return 0;
}
