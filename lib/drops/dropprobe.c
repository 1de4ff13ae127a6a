/*
 * The object file of the program is part of this one (.incbin), so that nothing is to be installed
 * beside it. Reasons are numbers that differ from kernel to kernel: their names come from the running
 * kernel's own types (BTF). Counters are read through shared memory, because after the privileges are dropped
 * some kernels allow no system call on a map.
 */
#include "drops/dropprobe.h"

#include "base/clock.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* clang-format off */
__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"dropprobe_object: .incbin \"" DROPPROBE_OBJECT "\"\n"
	"1: .balign 4\n"
	"dropprobe_object_size: .int 1b - dropprobe_object\n"
	".popsection\n");
/* clang-format on */
extern const unsigned char dropprobe_object[];
extern const uint32_t dropprobe_object_size; /* bytes */

#define SUBSYSTEMS (DROPEVENT_SLOTS - DROPEVENT_CORE_SLOTS)

struct dropprobe {
	struct bpf_object *object;
	struct bpf_link *link;
	struct ring_buffer *ring;
	const struct dropevent_count *counts; /* DROPEVENT_SLOTS, mapped; MAP_FAILED: not yet */
	size_t counts_size;
	char *reasons[DROPEVENT_CORE_SLOTS], *subsystems[SUBSYSTEMS]; /* NULL: no name */
	dropprobe_take *take;                                         /* during dropprobe_read */
	void *context;
};

/* Reasons for which nothing is lost: sockets that close take what is queued with them, taps are not
 * the traffic (ours among them), and local sockets have no packets. */
static const char *const noise[] = {"CONSUMED",          "QUEUE_PURGE",     "SOCKET_CLOSE",
				    "PACKET_SOCK_ERROR", "UNIX_DISCONNECT", "UNIX_SKIP_OOB"};

/* What libbpf said last, of one attempt. Commands are of one thread. */
static char said[160];

static int
hear(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && !said[0]) {
		vsnprintf(said, sizeof(said), format, args);
		said[strcspn(said, "\n")] = '\0';
	}
	return 0;
}

/* The names of an enumeration, by value, without the prefix; those without it are left out. 0: there
 * is no such enumeration. */
static int
read_names(const struct btf *btf, const char *enumeration, const char *prefix, char **names,
	   size_t room)
{
	const __s32 id = btf__find_by_name_kind(btf, enumeration, BTF_KIND_ENUM);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_enum *member = &btf_enum(type)[i];
		const char *name = btf__name_by_offset(btf, member->name_off);
		const size_t at = (__u32)member->val, skip = strlen(prefix);

		if (!name || strncmp(name, prefix, skip) != 0 || at >= room || names[at])
			continue;
		names[at] = strdup(name + skip);
		if (!names[at])
			return -1;
	}
	return type ? 1 : 0;
}

static int
read_reasons(struct dropprobe *probe, struct failure *why)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int rc;

	if (!btf)
		return failure_errno(why,
				     "the kernel does not tell its types (CONFIG_DEBUG_INFO_BTF)");
	rc = read_names(btf, "skb_drop_reason", "SKB_DROP_REASON_", probe->reasons,
			DROPEVENT_CORE_SLOTS);
	if (rc == 0)
		failure_set(why,
			    "the kernel gives no reasons for dropped packets: needs Linux 5.17");
	/* Only since 6.4. */
	if (rc > 0 && read_names(btf, "skb_drop_reason_subsys", "SKB_DROP_REASON_SUBSYS_",
				 probe->subsystems, SUBSYSTEMS) < 0)
		rc = -1;
	if (rc < 0)
		failure_nomem(why);
	btf__free(btf);
	return rc > 0 ? 0 : -1;
}

static int
reason_by_name(const struct dropprobe *probe, const char *name)
{
	for (int i = 0; i < DROPEVENT_CORE_SLOTS; i++)
		if (probe->reasons[i] && strcmp(probe->reasons[i], name) == 0)
			return i;
	return -1;
}

static struct bpf_map *
find_map(const struct dropprobe *probe, const char *ending)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, probe->object)
	{
		const char *name = bpf_map__name(map);
		const size_t length = strlen(name), wanted = strlen(ending);

		if (length >= wanted && strcmp(name + length - wanted, ending) == 0)
			return map;
	}
	return NULL;
}

static int
set_rules(const struct dropprobe *probe, const struct dropmatch *match, struct failure *why)
{
	struct bpf_map *map = find_map(probe, ".rodata");
	const int unspecified = reason_by_name(probe, "NOT_SPECIFIED");
	struct dropevent_rules rules = {
	    .interval_ns = NS_PER_SECOND / DROPPROBE_RATE,
	    .burst_ns = NS_PER_SECOND,
	    .whole = match->whole,
	    .group_count = match->group_count,
	    .unspecified = unspecified < 0 ? UINT32_MAX : (__u32)unspecified,
	};
	struct stat netns;

	if (stat("/proc/self/ns/net", &netns) < 0)
		return failure_errno(why, "cannot find the network namespace");
	rules.netns = (__u32)netns.st_ino;
	for (unsigned i = 0; i < match->group_count; i++) {
		rules.groups[i].first = match->groups[i].first;
		rules.groups[i].last = match->groups[i].last;
	}
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++) {
		const int reason = reason_by_name(probe, noise[i]);

		if (reason >= 0)
			rules.is_noise[reason] = 1;
	}
	if (!map || bpf_map__set_initial_value(map, &rules, sizeof(rules)) < 0)
		return failure_set(why, "the program for the kernel is of another version");
	return 0;
}

static int
load(struct dropprobe *probe, const struct dropmatch *match, struct failure *why)
{
	const struct bpf_object_open_opts options = {.sz = sizeof(options),
						     .object_name = "vcap_drops"};
	struct bpf_map *addresses;

	probe->object = bpf_object__open_mem(dropprobe_object, dropprobe_object_size, &options);
	if (!probe->object)
		return failure_errno(why, "cannot read the program for the kernel");
	if (set_rules(probe, match, why) < 0)
		return -1;
	addresses = find_map(probe, "addresses");
	if (!addresses || bpf_map__set_max_entries(addresses, (__u32)match->count + 1) < 0)
		return failure_set(why, "the program for the kernel is of another version");
	if (bpf_object__load(probe->object) == 0)
		return 0;
	if (errno == EPERM || errno == EACCES)
		return failure_errno(why, "the kernel refuses the program: it takes CAP_BPF and "
					  "CAP_PERFMON, and not those of a user namespace");
	return failure_errno(why, "the kernel refuses the program: '%s'", said);
}

static int
set_addresses(const struct dropprobe *probe, const struct dropmatch *match, struct failure *why)
{
	const int fd = bpf_map__fd(find_map(probe, "addresses"));

	for (size_t i = 0; i < match->count; i++)
		if (bpf_map_update_elem(fd, &match->list[i].prefix, &match->list[i].groups,
					BPF_ANY) < 0)
			return failure_errno(
			    why, "cannot tell the kernel %zu prefixes of addresses", match->count);
	return 0;
}

static int
pass_on(void *context, void *data, size_t size)
{
	struct dropprobe *probe = context;

	if (size >= sizeof(struct dropevent))
		probe->take(probe->context, data);
	return 0;
}

static int
map_results(struct dropprobe *probe, struct failure *why)
{
	struct bpf_map *counts = find_map(probe, "counts"), *events = find_map(probe, "events");

	if (!counts || !events || bpf_map__value_size(counts) != sizeof(struct dropevent_count))
		return failure_set(why, "the program for the kernel is of another version");
	probe->counts_size = DROPEVENT_SLOTS * sizeof(struct dropevent_count);
	probe->counts =
	    mmap(NULL, probe->counts_size, PROT_READ, MAP_SHARED, bpf_map__fd(counts), 0);
	if (probe->counts == MAP_FAILED)
		return failure_errno(why, "cannot map the counters of dropped packets");
	probe->ring = ring_buffer__new(bpf_map__fd(events), pass_on, probe, NULL);
	return probe->ring ? 0 : failure_errno(why, "cannot map the ring of dropped packets");
}

static int
attach(struct dropprobe *probe, struct failure *why)
{
	struct bpf_program *program = bpf_object__find_program_by_name(probe->object, "dropprobe");

	probe->link = program ? bpf_program__attach(program) : NULL;
	return probe->link ? 0 : failure_errno(why, "cannot attach to tracepoint 'skb:kfree_skb'");
}

struct dropprobe *
dropprobe_open(const struct dropmatch *match, struct failure *why)
{
	struct dropprobe *probe = calloc(1, sizeof(*probe));

	if (!probe) {
		failure_nomem(why);
		return NULL;
	}
	probe->counts = MAP_FAILED;
	libbpf_set_print(hear);
	said[0] = '\0';
	if (read_reasons(probe, why) < 0 || load(probe, match, why) < 0 ||
	    set_addresses(probe, match, why) < 0 || map_results(probe, why) < 0 ||
	    attach(probe, why) < 0) {
		dropprobe_close(probe);
		return NULL;
	}
	return probe;
}

void
dropprobe_close(struct dropprobe *probe)
{
	if (!probe)
		return;
	bpf_link__destroy(probe->link);
	ring_buffer__free(probe->ring);
	if (probe->counts != MAP_FAILED)
		munmap((void *)probe->counts, probe->counts_size);
	bpf_object__close(probe->object);
	for (int i = 0; i < DROPEVENT_CORE_SLOTS; i++)
		free(probe->reasons[i]);
	for (int i = 0; i < SUBSYSTEMS; i++)
		free(probe->subsystems[i]);
	free(probe);
}

int
dropprobe_fd(const struct dropprobe *probe)
{
	return ring_buffer__epoll_fd(probe->ring);
}

void
dropprobe_read(struct dropprobe *probe, dropprobe_take *take, void *context)
{
	probe->take = take;
	probe->context = context;
	ring_buffer__consume(probe->ring);
}

char *
dropprobe_reason(const struct dropprobe *probe, __u32 reason, char to[DROPPROBE_TEXT])
{
	const __u32 subsystem = reason >> 16;

	if (subsystem && subsystem < SUBSYSTEMS && probe->subsystems[subsystem])
		snprintf(to, DROPPROBE_TEXT, "%.64s reason %u", probe->subsystems[subsystem],
			 reason & 0xffff);
	else if (reason < DROPEVENT_CORE_SLOTS && probe->reasons[reason])
		snprintf(to, DROPPROBE_TEXT, "%.90s", probe->reasons[reason]);
	else
		snprintf(to, DROPPROBE_TEXT, "reason %#x", reason);
	return to;
}

char *
dropprobe_slot(const struct dropprobe *probe, __u32 slot, char to[DROPPROBE_TEXT])
{
	const __u32 subsystem = slot - DROPEVENT_CORE_SLOTS;

	if (slot < DROPEVENT_CORE_SLOTS)
		return dropprobe_reason(probe, slot, to);
	if (probe->subsystems[subsystem])
		snprintf(to, DROPPROBE_TEXT, "%.90s", probe->subsystems[subsystem]);
	else
		snprintf(to, DROPPROBE_TEXT, "others");
	return to;
}

struct dropevent_count
dropprobe_count(const struct dropprobe *probe, __u32 slot)
{
	return probe->counts[slot];
}
