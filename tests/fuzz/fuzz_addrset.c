/* Lists of addresses, as vcap-filter reads them. */
#include "fuzz.h"
#include "packet/addrset.h"

static void
check_intervals(const struct addrset *set, const struct intervals *intervals, uint8_t family)
{
	for (size_t i = 0; i < intervals->count; i++) {
		const struct interval *interval = &intervals->list[i];

		must(interval->first <= interval->last);
		must(i == 0 || (interval - 1)->last < interval->first - 1);
		must(addrset_has(set, (struct addr){family, interval->first}));
		must(addrset_has(set, (struct addr){family, interval->last}));
		if (interval->first)
			must(!addrset_has(set, (struct addr){family, interval->first - 1}));
	}
}

static void
check_widened(const struct addrset *set)
{
	struct addrset wide = ADDRSET_INIT;
	unsigned __int128 added;
	struct failure why;

	must(addrset_widen(set, 3, &wide, &added, &why) == 0);
	must(addrset_covers(&wide, set));
	must(wide.v4.count + wide.v6.count <= 3);
	addrset_release(&wide);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct addrset set = ADDRSET_INIT;
	struct failure why;

	if (addrset_add_lines(&set, text, "input", &why) < 0)
		must(strncmp(why.text, "input:", 6) == 0);
	addrset_seal(&set);
	check_intervals(&set, &set.v4, 4);
	check_intervals(&set, &set.v6, 6);
	must(addrset_covers(&set, &set));
	must(addrset_meets(&set, &set) == !addrset_is_empty(&set));
	check_widened(&set);
	addrset_release(&set);
	free(text);
	return 0;
}
