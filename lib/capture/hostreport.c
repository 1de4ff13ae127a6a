#include "capture/hostreport.h"

#include "base/abilities.h"
#include "base/audit.h"
#include "base/platform.h"
#include "capture/hostcheck.h"
#include "capture/localaddr.h"
#include "capture/ringshare.h"
#include "capture/runlist.h"
#include "packet/addrset.h"

#include <inttypes.h>

static void
write_facts(const struct hostcheck *check, FILE *out)
{
	const struct ifaces *ifaces = &check->ifaces;
	struct platform platform;

	platform_read(&platform);
	fprintf(out, "version %s\nabilities %s\n", VCAP_VERSION, ABILITIES);
	fprintf(out, "cap_net_raw %s\n",
		check->has_net_raw && !check->run_is_denied ? "yes" : "no");
	fprintf(out, "log %s\n", audit_is_heard() ? "yes" : "no");
	fprintf(out, "kernel %s\nmachine %s\nselinux %s\n", platform.kernel, platform.machine,
		platform_selinux_word(platform.selinux));
	fprintf(out, "interfaces");
	for (size_t i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].taken)
			fprintf(out, " %s", ifaces->list[i].name);
	fprintf(out, "\n");
	fprintf(out, "rings %" PRIu64 "\n", ringshare_default(ringshare_cores()));
	for (size_t i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].taken && ifaces->list[i].has_xdp)
			fprintf(out, "xdp %s\n", ifaces->list[i].name);
	if (check->has_directory)
		fprintf(out, "free %" PRIu64 "\nreserve %" PRIu64 "\n", check->free_bytes,
			check->reserve);
}

static void
write_addresses(char *const *words, FILE *out, notices_print *print)
{
	struct failure why = FAILURE_INIT;
	struct addr addr;
	bool is_local;

	for (; *words; words++)
		if (addr_parse(&addr, *words, &why) < 0 ||
		    localaddr_find(addr, &is_local, &why) < 0)
			print("%s", why.text);
		else
			fprintf(out, "%s %s\n", is_local ? "local" : "elsewhere", *words);
}

static void
print_obstacles(const struct hostcheck *check, notices_print *print)
{
	if (!check->has_interface)
		print("%s", check->interface_error.text);
	if (!check->has_directory || !check->is_writable)
		print("%s", check->directory_error.text);
	else if (check->free_bytes < check->reserve)
		print("only %" PRIu64 " MiB of disk are free, and %" PRIu64 " MiB are to stay free",
		      check->free_bytes >> 20, check->reserve >> 20);
	if (*check->program_error.text)
		print("%s", check->program_error.text);
	if (check->run_is_denied)
		print("no privilege to capture: this user may not run vcap-run, which is for its "
		      "owner and its group");
	else if (!check->has_net_raw && check->run_is_nosuid)
		print("no privilege to capture: vcap-run is on a file system mounted nosuid, where "
		      "its capability counts for nothing (put it elsewhere, or use sudo)");
	else if (!check->has_net_raw)
		print("no privilege to capture: vcap-run has no CAP_NET_RAW (grant it with "
		      "'setcap cap_net_raw=ep', or use sudo)");
}

int
hostreport_write(const char *dir, const struct strvec *interfaces, char *const *addresses,
		 FILE *out, notices_print *print, struct failure *why)
{
	struct hostcheck check;
	struct addr addr;
	int is_ready;

	for (char *const *word = addresses; *word; word++)
		if (addr_parse(&addr, *word, why) < 0)
			return -1;
	if (dir)
		runlist_expire(dir, NULL, print);
	hostcheck_init(&check, dir ? dir : ".", (const char *const *)interfaces->list,
		       interfaces->count);
	is_ready = hostcheck_is_ready(&check);
	write_facts(&check, out);
	write_addresses(addresses, out, print);
	/* A directory that cannot be read is among the obstacles, or is no matter for a check. */
	if (dir)
		runlist_write(dir, "capture", HOSTREPORT_CAPTURES_MAX, out, print, NULL);
	print_obstacles(&check, print);
	hostcheck_release(&check);
	return is_ready;
}
