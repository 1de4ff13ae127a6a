#include "merge/picker.h"

int
picker_open(struct picker *picker, struct source *from, const struct picker_wanted *wanted,
	    struct failure *why)
{
	const bool has_period = !period_is_all(wanted->period);

	*picker = (struct picker){.last = from};
	if (wanted->only) {
		if (!(picker->chosen = chosen_new(picker->last, wanted->only, why)))
			return -1;
		picker->last = chosen_source(picker->chosen);
	}
	if (has_period) {
		if (!(picker->periodic = periodic_new(picker->last, wanted->period, why)))
			return -1;
		picker->last = periodic_source(picker->periodic);
	}
	if (wanted->only || has_period || wanted->take_secrets) {
		picker->secretless =
		    secretless_new(picker->last, wanted->take_secrets, wanted->keys_context, why);
		if (!picker->secretless)
			return -1;
		picker->last = secretless_source(picker->secretless);
	}
	if (wanted->cuts) {
		if (!(picker->cutter = cutter_new(picker->last, why)))
			return -1;
		picker->last = cutter_source(picker->cutter);
	}
	return 0;
}

void
picker_release(struct picker *picker)
{
	cutter_free(picker->cutter);
	secretless_free(picker->secretless);
	periodic_free(picker->periodic);
	chosen_free(picker->chosen);
	*picker = PICKER_INIT;
}

struct source *
picker_source(const struct picker *picker)
{
	return picker->last;
}

bool
picker_is_empty(const struct picker *picker)
{
	return picker->chosen && chosen_is_empty(picker->chosen);
}
