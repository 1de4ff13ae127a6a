#include "controller/gate_trigger.h"

#include "flows/pairsource_spec.h"
#include "flows/trigger_spec.h"
#include "packet/bpf.h"

#include <string.h>

bool
gate_trigger_admit(const char *flows, char *const *watched, const char *word)
{
	struct bpf program = BPF_INIT;
	struct trigger_spec spec;
	bool is_good = false;

	if (strncmp(word, "--on=", 5) != 0 || trigger_spec_parse(&spec, word + 5, NULL) < 0)
		return false;
	switch (spec.kind) {
	case TRIGGER_LOG: is_good = flows != NULL; break;
	case TRIGGER_FILE:
		for (char *const *path = watched; path && *path; path++)
			is_good |= strcmp(*path, spec.path) == 0;
		break;
	case TRIGGER_PACKETS: is_good = bpf_parse(&program, spec.what, NULL) == 0; break;
	}
	bpf_release(&program);
	return is_good;
}

static bool
is_proxys(const char *flows)
{
	struct pairsource_spec source;

	return flows && pairsource_spec_parse(&source, flows, NULL) == 0 &&
	       source.kind == PAIRSOURCE_SPEC_HAPROXY;
}

int
gate_trigger_check(char *const *triggers, const char *flows, struct failure *why)
{
	for (char *const *word = triggers; word && *word; word++) {
		struct trigger_spec spec;

		if (trigger_spec_parse(&spec, *word, why) < 0)
			return -1;
		if (spec.kind == TRIGGER_FILE || (spec.kind == TRIGGER_LOG && !is_proxys(flows)))
			return failure_set(why, "by sudo no file is watched: '--on %s'", *word);
	}
	return 0;
}
