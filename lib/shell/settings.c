#include "shell/settings.h"

#include "base/clock.h"
#include "base/parse.h"
#include "packet/addrset.h"
#include "packet/packet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const settings_kinds[SETTINGS_KINDS] = {"addrs", "prefixes", "ranges"};

void
settings_release(struct settings *settings)
{
	for (int i = 0; i < SETTINGS_KINDS; i++)
		strvec_release(&settings->lists[i]);
	free(settings->id);
	*settings = SETTINGS_INIT;
}

static struct strvec *
list_of(struct settings *settings, enum settings_field field)
{
	return &settings->lists[field - SETTINGS_ADDRS];
}

size_t
settings_address_count(const struct settings *settings)
{
	size_t count = 0;

	for (int i = 0; i < SETTINGS_KINDS; i++)
		count += settings->lists[i].count;
	return count;
}

const char *
settings_monitors(const struct settings *settings)
{
	static const char *const names[] = {"none", "include", "only"};

	return names[settings->monitors];
}

const char *
settings_format_name(const struct settings *settings)
{
	return settings->format == SETTINGS_PCAP ? "pcap" : "pcapng";
}

static int
set_format(struct settings *settings, const char *value, struct failure *why)
{
	if (strcmp(value, "pcap") != 0 && strcmp(value, "pcapng") != 0)
		return failure_set(why, "not 'pcapng' or 'pcap': '%s'", value);
	settings->format = strcmp(value, "pcap") == 0 ? SETTINGS_PCAP : SETTINGS_PCAPNG;
	return 0;
}

/* Parses an address, which has to be of the kind that the field holds. */
static int
parse_address(enum settings_field field, const char *value, struct interval *interval,
	      uint8_t *family, struct failure *why)
{
	const enum settings_field kind = strchr(value, '/')   ? SETTINGS_PREFIXES
					 : strchr(value, '-') ? SETTINGS_RANGES
							      : SETTINGS_ADDRS;

	if (interval_parse(interval, family, value, why) < 0)
		return -1;
	if (kind != field)
		return failure_set(why, "'%s' belongs to '%s', not to '%s'", value,
				   settings_kinds[kind - SETTINGS_ADDRS],
				   settings_kinds[field - SETTINGS_ADDRS]);
	return 0;
}

/* The index of the same address, in whatever notation; the list's count if it is not there. */
static size_t
find_address(const struct strvec *list, const struct interval *wanted, uint8_t family)
{
	size_t i = 0;

	for (; i < list->count; i++) {
		struct interval interval;
		uint8_t its_family;

		if (interval_parse(&interval, &its_family, list->list[i], NULL) == 0 &&
		    its_family == family && interval.first == wanted->first &&
		    interval.last == wanted->last)
			break;
	}
	return i;
}

static int
add_address(struct settings *settings, enum settings_field field, const char *value,
	    struct failure *why)
{
	struct strvec *list = list_of(settings, field);
	struct interval interval;
	uint8_t family;

	if (parse_address(field, value, &interval, &family, why) < 0)
		return -1;
	if (find_address(list, &interval, family) < list->count)
		return 0;
	if (settings_address_count(settings) >= SETTINGS_ADDRS_MAX)
		return failure_set(
		    why,
		    "cannot add '%s': at most %d addresses (vcap start --specs takes "
		    "any number)",
		    value, SETTINGS_ADDRS_MAX);
	strvec_push(list, value);
	if (!list->failed)
		return 0;
	list->failed = false;
	return failure_nomem(why);
}

static int
remove_address(struct settings *settings, enum settings_field field, const char *value,
	       struct failure *why)
{
	struct strvec *list = list_of(settings, field);
	struct interval interval;
	uint8_t family;
	size_t i;

	if (parse_address(field, value, &interval, &family, why) < 0)
		return -1;
	i = find_address(list, &interval, family);
	if (i == list->count)
		return failure_set(why, "'%s' is not among the %s", value,
				   settings_kinds[field - SETTINGS_ADDRS]);
	free(list->list[i]);
	/* Including the NULL at the end. */
	memmove(list->list + i, list->list + i + 1, (list->count - i) * sizeof(*list->list));
	list->count--;
	return 0;
}

int
settings_set(struct settings *settings, enum settings_field field, const char *value,
	     struct failure *why)
{
	switch (field) {
	case SETTINGS_DURATION:
		return parse_duration(value, NS_PER_MINUTE, &settings->duration_ns, why);
	case SETTINGS_COUNT: return parse_number(value, UINT64_MAX, &settings->count, why);
	case SETTINGS_SNAPLEN: return parse_number(value, PACKET_SNAPLEN, &settings->snaplen, why);
	case SETTINGS_ROLLING:
		return parse_duration(value, NS_PER_MINUTE, &settings->rolling_ns, why);
	case SETTINGS_MONITORS: return service_parse_mode(value, &settings->monitors, why);
	case SETTINGS_ADDRS:
	case SETTINGS_PREFIXES:
	case SETTINGS_RANGES: return add_address(settings, field, value, why);
	case SETTINGS_FORMAT: return set_format(settings, value, why);
	case SETTINGS_CAPTURE: settings->capture = true; return 0;
	case SETTINGS_LIMITS:
	case SETTINGS_LISTS: break;
	}
	return failure_set(why, "nothing to set to '%s'", value);
}

int
settings_clear(struct settings *settings, enum settings_field field, const char *value,
	       struct failure *why)
{
	switch (field) {
	case SETTINGS_DURATION: settings->duration_ns = 0; break;
	case SETTINGS_COUNT: settings->count = 0; break;
	case SETTINGS_SNAPLEN: settings->snaplen = 0; break;
	case SETTINGS_ROLLING: settings->rolling_ns = 0; break;
	case SETTINGS_MONITORS: settings->monitors = MONITORS_NONE; break;
	case SETTINGS_ADDRS:
	case SETTINGS_PREFIXES:
	case SETTINGS_RANGES:
		if (value)
			return remove_address(settings, field, value, why);
		strvec_free(strvec_detach(list_of(settings, field)));
		break;
	case SETTINGS_FORMAT: settings->format = SETTINGS_PCAPNG; break;
	case SETTINGS_CAPTURE: settings->capture = false; break;
	case SETTINGS_LIMITS:
		settings->duration_ns = settings->rolling_ns = 0;
		settings->count = settings->snaplen = 0;
		break;
	case SETTINGS_LISTS:
		for (int i = 0; i < SETTINGS_KINDS; i++)
			strvec_release(&settings->lists[i]);
		break;
	}
	return 0;
}

int
settings_copy(struct settings *to, const struct settings *from, struct failure *why)
{
	struct settings copy = *from;
	bool failed = false;

	for (int i = 0; i < SETTINGS_KINDS; i++) {
		copy.lists[i] = STRVEC_INIT;
		if (from->lists[i].list)
			strvec_pushv(&copy.lists[i], from->lists[i].list);
		failed |= copy.lists[i].failed;
	}
	copy.id = from->id ? strdup(from->id) : NULL;
	if (failed || (from->id && !copy.id)) {
		settings_release(&copy);
		return failure_nomem(why);
	}
	settings_release(to);
	*to = copy;
	return 0;
}

bool
settings_equal(const struct settings *one, const struct settings *other)
{
	if (one->duration_ns != other->duration_ns || one->count != other->count ||
	    one->snaplen != other->snaplen || one->monitors != other->monitors ||
	    one->rolling_ns != other->rolling_ns || one->format != other->format ||
	    one->capture != other->capture)
		return false;
	for (int i = 0; i < SETTINGS_KINDS; i++) {
		if (one->lists[i].count != other->lists[i].count)
			return false;
		for (size_t j = 0; j < one->lists[i].count; j++)
			if (strcmp(one->lists[i].list[j], other->lists[i].list[j]) != 0)
				return false;
	}
	return true;
}

int
settings_facts(const struct settings *settings, struct keyval *facts, struct failure *why)
{
	int rc = 0;

	rc |= keyval_add(facts, "duration", "%" PRId64, settings->duration_ns);
	rc |= keyval_add(facts, "count", "%" PRIu64, settings->count);
	rc |= keyval_add(facts, "snaplen", "%" PRIu64, settings->snaplen);
	rc |= keyval_add(facts, "monitors", "%s", settings_monitors(settings));
	if (settings->rolling_ns)
		rc |= keyval_add(facts, "rolling", "%" PRId64, settings->rolling_ns);
	if (settings->format != SETTINGS_PCAPNG)
		rc |= keyval_add(facts, "format", "%s", settings_format_name(settings));
	for (int i = 0; i < SETTINGS_KINDS; i++)
		for (size_t j = 0; j < settings->lists[i].count; j++)
			rc |=
			    keyval_add(facts, settings_kinds[i], "%s", settings->lists[i].list[j]);
	if (settings->id)
		rc |= keyval_add(facts, "capture", "%s", settings->id);
	return rc == 0 ? 0 : failure_nomem(why);
}

/* Reads a pair. */
static int
recall_pair(struct settings *settings, const struct keyval_pair *pair, struct failure *why)
{
	const char *value = pair->value;
	uint64_t ns;

	if (strcmp(pair->key, "duration") == 0 || strcmp(pair->key, "rolling") == 0) {
		/* At most what parse_duration allows. */
		if (parse_number(value, INT64_C(3660) * 86400 * NS_PER_SECOND, &ns, why) < 0)
			return -1;
		*(*pair->key == 'd' ? &settings->duration_ns : &settings->rolling_ns) = (int64_t)ns;
		return 0;
	}
	if (strcmp(pair->key, "count") == 0)
		return settings_set(settings, SETTINGS_COUNT, value, why);
	if (strcmp(pair->key, "snaplen") == 0)
		return settings_set(settings, SETTINGS_SNAPLEN, value, why);
	if (strcmp(pair->key, "monitors") == 0)
		return settings_set(settings, SETTINGS_MONITORS, value, why);
	if (strcmp(pair->key, "format") == 0)
		return set_format(settings, value, why);
	if (strcmp(pair->key, "capture") == 0) {
		free(settings->id);
		settings->id = strdup(value);
		return settings->id ? 0 : failure_nomem(why);
	}
	for (int i = 0; i < SETTINGS_KINDS; i++)
		if (strcmp(pair->key, settings_kinds[i]) == 0)
			return add_address(settings, SETTINGS_ADDRS + (unsigned)i, value, why);
	return 0;
}

int
settings_recall(struct settings *settings, const struct keyval *facts, struct failure *why)
{
	struct failure detail = FAILURE_INIT;

	*settings = SETTINGS_INIT;
	for (size_t i = 0; i < facts->count; i++)
		if (recall_pair(settings, &facts->pairs[i], &detail) < 0) {
			settings_release(settings);
			return failure_set(why, "'%s': %s", facts->pairs[i].key, detail.text);
		}
	return 0;
}
