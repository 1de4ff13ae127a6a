/*
 * Dropping privileges is only worth something if it cannot be undone and cannot fail unnoticed. So
 * the bounding set goes too (a program that is executed gains nothing), no_new_privs is set, and
 * what the kernel says afterwards is compared with what was wanted.
 */
#include "base/priv.h"

#include "base/process.h"

#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

static bool
has_flag(cap_t caps, cap_value_t cap, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;

	return caps && cap_get_flag(caps, cap, flag, &value) == 0 && value == CAP_SET;
}

bool
priv_has_net_raw(void)
{
	cap_t caps = cap_get_proc();
	bool has = has_flag(caps, CAP_NET_RAW, CAP_EFFECTIVE);

	cap_free(caps);
	return has;
}

enum priv_grant
priv_file_grants_net_raw(const char *path)
{
	cap_t caps = cap_get_file(path);
	const bool has = has_flag(caps, CAP_NET_RAW, CAP_PERMITTED) &&
			 has_flag(caps, CAP_NET_RAW, CAP_EFFECTIVE);
	struct statvfs fs;

	cap_free(caps);
	if (!has)
		return PRIV_NOT_GRANTED;
	return statvfs(path, &fs) == 0 && fs.f_flag & ST_NOSUID ? PRIV_GRANT_IGNORED : PRIV_GRANTED;
}

/* Without CAP_SETPCAP this is EPERM; no_new_privs, which is set as well, then keeps a program that
 * is executed from gaining what is left in the bounding set. */
static int
drop_bounding(struct failure *why)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) < 0 && errno != EPERM)
			return failure_errno(why, "cannot drop the capability bounding set");
	return 0;
}

static int
fail_without(const char *to_what, const char *name, const char *granted, struct failure *why)
{
	char path[PROCESS_PATH_MAX];

	if (process_own_path(path) < 0)
		strcpy(path, "PROGRAM");
	return failure_set(why,
			   "no privilege to %s: %s is missing (grant it with 'setcap %s=ep %s', or "
			   "use sudo)",
			   to_what, name, granted, path);
}

int
priv_check_net_raw(struct failure *why)
{
	if (priv_has_net_raw())
		return 0;
	return fail_without("capture", "CAP_NET_RAW", "cap_net_raw", why);
}

static const cap_value_t bpf_needs[] = {CAP_BPF, CAP_PERFMON};

int
priv_check_bpf(struct failure *why)
{
	cap_t caps = cap_get_proc();
	const bool has = has_flag(caps, bpf_needs[0], CAP_EFFECTIVE) &&
			 has_flag(caps, bpf_needs[1], CAP_EFFECTIVE);

	cap_free(caps);
	if (has)
		return 0;
	return fail_without("trace dropped packets", "CAP_BPF or CAP_PERFMON",
			    "cap_bpf,cap_perfmon", why);
}

int
priv_check_net_admin(struct failure *why)
{
	cap_t caps = cap_get_proc();
	const bool has = has_flag(caps, CAP_NET_ADMIN, CAP_EFFECTIVE);

	cap_free(caps);
	if (has)
		return 0;
	return fail_without("read connection tracking", "CAP_NET_ADMIN", "cap_net_admin", why);
}

/* Drops every capability but these, which the process has, and the bounding set. */
static int
keep(const cap_value_t *needed, int count, struct failure *why)
{
	cap_t caps;
	int rc;

	/* Before the capabilities: this needs CAP_SETPCAP. */
	if (drop_bounding(why) < 0)
		return -1;
	caps = cap_init();
	rc = caps ? cap_set_flag(caps, CAP_PERMITTED, count, needed, CAP_SET) : -1;
	if (rc == 0)
		rc = cap_set_flag(caps, CAP_EFFECTIVE, count, needed, CAP_SET);
	if (rc == 0)
		rc = cap_set_proc(caps);
	if (rc < 0)
		failure_errno(why, "cannot drop capabilities");
	cap_free(caps);
	return rc;
}

int
priv_keep_net_raw(struct failure *why)
{
	const cap_value_t needed = CAP_NET_RAW;

	return priv_check_net_raw(why) < 0 ? -1 : keep(&needed, 1, why);
}

int
priv_keep_bpf(struct failure *why)
{
	return priv_check_bpf(why) < 0 ? -1 : keep(bpf_needs, 2, why);
}

/* Drops all capabilities but the one kept (-1: none), which the process must have, and compares the
 * result with what the kernel reports. */
static int
drop_capabilities(cap_value_t kept, struct failure *why)
{
	cap_t wanted = cap_init(), now = NULL;
	int rc = wanted ? 0 : -1;

	if (rc == 0 && kept >= 0)
		rc = cap_set_flag(wanted, CAP_PERMITTED, 1, &kept, CAP_SET);
	if (rc == 0 && kept >= 0)
		rc = cap_set_flag(wanted, CAP_EFFECTIVE, 1, &kept, CAP_SET);
	if (rc < 0 || cap_set_proc(wanted) < 0)
		rc = failure_errno(why, "cannot drop capabilities");
	else if (!(now = cap_get_proc()) || cap_compare(wanted, now) != 0)
		rc = failure_set(why, "capabilities are still set after dropping them");
	cap_free(now);
	cap_free(wanted);
	return rc;
}

static int
drop_all_but(cap_value_t kept, struct failure *why)
{
	const struct rlimit no_core = {0, 0};

	if (drop_bounding(why) < 0)
		return -1;
	if (cap_reset_ambient() < 0 && errno != EINVAL)
		return failure_errno(why, "cannot drop ambient capabilities");
	if (drop_capabilities(kept, why) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return failure_errno(why, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0)
		return failure_errno(why, "cannot forbid core dumps");
	return 0;
}

int
priv_drop_all(struct failure *why)
{
	return drop_all_but(-1, why);
}

int
priv_drop_others(enum priv_power power, struct failure *why)
{
	static const cap_value_t values[] = {[PRIV_NET_ADMIN] = CAP_NET_ADMIN,
					     [PRIV_SOCKETS] = CAP_DAC_OVERRIDE,
					     [PRIV_FILES] = CAP_DAC_READ_SEARCH};
	cap_t caps = cap_get_proc();
	const bool has = has_flag(caps, values[power], CAP_PERMITTED);

	cap_free(caps);
	return drop_all_but(has ? values[power] : -1, why);
}
