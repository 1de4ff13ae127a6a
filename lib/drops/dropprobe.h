/*
 * The program in the kernel that tells of dropped packets (bpf/dropprobe.bpf.c): loads it, sets what
 * it looks for, and takes what it tells. The only module that uses libbpf; a build without that and
 * clang leaves it out.
 */
#ifndef VCAP_DROPPROBE_H
#define VCAP_DROPPROBE_H

#include "base/failure.h"
#include "drops/dropevent.h"
#include "drops/dropmatch.h"

#define DROPPROBE_RATE 1000 /* packets of each reason a second that are told, and in one burst */

struct dropprobe;

/* Attaches the program, for packets that match in this process's network namespace. Takes CAP_BPF and
 * CAP_PERFMON; nothing below takes any. NULL with why. match may go afterwards. */
struct dropprobe *dropprobe_open(const struct dropmatch *match, struct failure *why);
/* Detaches it. probe may be NULL. */
void dropprobe_close(struct dropprobe *probe);

/* A descriptor that polls as readable when there are events; the probe's. */
int dropprobe_fd(const struct dropprobe *probe);

/* What takes an event, which is valid during the call only. */
typedef void dropprobe_take(void *context, const struct dropevent *event);

/* Hands over all events there are, in about the order of time. Does not wait. */
void dropprobe_read(struct dropprobe *probe, dropprobe_take *take, void *context);

#define DROPPROBE_TEXT 96 /* bytes for the name of a reason */

/* What the running kernel calls a reason, without "SKB_DROP_REASON_". Returns to. */
char *dropprobe_reason(const struct dropprobe *probe, __u32 reason, char to[DROPPROBE_TEXT]);

/* As dropprobe_reason, of all reasons in a slot. */
char *dropprobe_slot(const struct dropprobe *probe, __u32 slot, char to[DROPPROBE_TEXT]);

/* The counts of a slot, below DROPEVENT_SLOTS, as they are now. */
struct dropevent_count dropprobe_count(const struct dropprobe *probe, __u32 slot);

#endif
