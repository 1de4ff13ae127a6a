#include "priv.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

bool
priv_file_has_net_raw(const char *path)
{
	cap_t caps = cap_get_file(path);
	bool has = has_flag(caps, CAP_NET_RAW, CAP_PERMITTED) &&
		   has_flag(caps, CAP_NET_RAW, CAP_EFFECTIVE);

	cap_free(caps);
	return has;
}

/* Without CAP_SETPCAP this is EPERM: what is in the bounding set then cannot be gained anyway,
 * since no_new_privs is set as well. */
static int
drop_bounding(struct failure *why)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) < 0 && errno != EPERM)
			return failure_errno(why, "cannot drop the capability bounding set");
	return 0;
}

int
priv_keep_net_raw(struct failure *why)
{
	const cap_value_t needed = CAP_NET_RAW;
	cap_t caps;
	int rc;

	if (!priv_has_net_raw()) {
		char path[PATH_MAX];
		ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

		path[length > 0 ? length : 0] = '\0';
		return failure_set(why,
				   "no privilege to capture: CAP_NET_RAW is missing (grant it with "
				   "'setcap cap_net_raw=ep %s', or use sudo)",
				   *path ? path : "PROGRAM");
	}
	/* The bounding set goes while CAP_SETPCAP may still be there to let it go. */
	if (drop_bounding(why) < 0)
		return -1;
	caps = cap_init();
	rc = caps ? cap_set_flag(caps, CAP_PERMITTED, 1, &needed, CAP_SET) : -1;
	if (rc == 0)
		rc = cap_set_flag(caps, CAP_EFFECTIVE, 1, &needed, CAP_SET);
	if (rc == 0)
		rc = cap_set_proc(caps);
	if (rc < 0)
		failure_errno(why, "cannot drop capabilities");
	cap_free(caps);
	return rc;
}

/* Empty sets, compared as the kernel reports them. */
static int
drop_capabilities(struct failure *why)
{
	cap_t none = cap_init(), now = NULL;
	int rc = 0;

	if (!none || cap_set_proc(none) < 0)
		rc = failure_errno(why, "cannot drop capabilities");
	else if (!(now = cap_get_proc()) || cap_compare(none, now) != 0)
		rc = failure_set(why, "capabilities are still there after dropping them");
	cap_free(now);
	cap_free(none);
	return rc;
}

int
priv_drop_all(struct failure *why)
{
	const struct rlimit no_core = {0, 0};

	if (drop_bounding(why) < 0)
		return -1;
	if (cap_reset_ambient() < 0 && errno != EINVAL)
		return failure_errno(why, "cannot drop ambient capabilities");
	if (drop_capabilities(why) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return failure_errno(why, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0)
		return failure_errno(why, "cannot forbid core dumps");
	return 0;
}
