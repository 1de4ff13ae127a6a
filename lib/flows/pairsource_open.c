#include "flows/pairsource_open.h"

#include "base/priv.h"
#include "base/sandbox.h"
#include "flows/conntrack.h"
#include "flows/haproxy_ring.h"
#include "flows/logtail.h"

static struct pairsource *
open_kind(const struct pairsource_spec *spec, const char *ring, connpair_report *report,
	  void *context, struct failure *why)
{
	switch (spec->kind) {
	case PAIRSOURCE_SPEC_CONNTRACK:
		return priv_check_net_admin(why) < 0 ? NULL : conntrack_open(report, context, why);
	case PAIRSOURCE_SPEC_HAPROXY:
		return haproxy_ring_open(spec->path, ring ? ring : PAIRSOURCE_RING, report, context,
					 why);
	case PAIRSOURCE_SPEC_LOG: return logtail_open(spec->path, report, context, why);
	}
	return NULL;
}

static struct pairsource *
open_new(const struct pairsource_spec *spec, const char *ring, void *context, struct failure *why)
{
	switch (spec->kind) {
	case PAIRSOURCE_SPEC_CONNTRACK: failure_set(why, "connection tracking has no lines"); break;
	case PAIRSOURCE_SPEC_HAPROXY:
		return haproxy_ring_open_new(spec->path, ring ? ring : PAIRSOURCE_RING, context,
					     why);
	case PAIRSOURCE_SPEC_LOG: return logtail_open_new(spec->path, context, why);
	}
	return NULL;
}

/* A log is opened anew when it was rotated; the others need no file. */
static int
confine(const struct pairsource *source, enum pairsource_spec_kind kind, struct failure *why)
{
	static const enum priv_power powers[] = {[PAIRSOURCE_SPEC_CONNTRACK] = PRIV_NET_ADMIN,
						 [PAIRSOURCE_SPEC_HAPROXY] = PRIV_SOCKETS,
						 [PAIRSOURCE_SPEC_LOG] = PRIV_FILES};
	const bool is_log = kind == PAIRSOURCE_SPEC_LOG;

	if (priv_drop_others(powers[kind], why) < 0 ||
	    sandbox_confine_files(SANDBOX_ENFORCE, -1, is_log ? logtail_directories(source) : NULL,
				  why) < 0)
		return -1;
	return sandbox_confine_calls(SANDBOX_ENFORCE,
				     is_log ? SANDBOX_CALLS_STDIO : SANDBOX_CALLS_SOCKETS,
				     is_log ? SANDBOX_OPENS_TO_READ : SANDBOX_OPENS_NONE, why);
}

static struct pairsource *
confined(struct pairsource *source, enum pairsource_spec_kind kind, struct failure *why)
{
	if (source && confine(source, kind, why) < 0) {
		source->close(source);
		return NULL;
	}
	return source;
}

struct pairsource *
pairsource_open(const struct pairsource_spec *spec, const char *ring, connpair_report *report,
		void *context, struct failure *why)
{
	return confined(open_kind(spec, ring, report, context, why), spec->kind, why);
}

struct pairsource *
pairsource_open_new(const struct pairsource_spec *spec, const char *ring, void *context,
		    struct failure *why)
{
	return confined(open_new(spec, ring, context, why), spec->kind, why);
}
