/* The kernel's counters of lost packets: texts of its form, of other forms, and its own, of which sysfs
 * tells the same. */
#include "capture/losscounters.h"
#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>

#define UNKNOWN LOSSCOUNTERS_UNKNOWN

static bool
is_unknown(const struct losscounters *counters, enum loss_kind first, enum loss_kind last)
{
	for (int kind = first; kind <= (int)last; kind++)
		if (counters->values[kind] != UNKNOWN)
			return false;
	return true;
}

static void
test_netstat(void)
{
	struct losscounters now;

	losscounters_init(&now);
	losscounters_netstat(&now,
			     "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPBacklogDrop\n"
			     "TcpExt: 1 21 25 3\n"
			     "IpExt: ListenOverflows\nIpExt: 99\n");
	ok(now.values[LOSS_LISTEN_OVERFLOWS] == 21 && now.values[LOSS_LISTEN_DROPS] == 4 &&
	       now.values[LOSS_BACKLOG] == 3,
	   "counters of TCP, drops beyond the overflows");
	ok(now.values[LOSS_REQUEST_QUEUE] == UNKNOWN, "one that this kernel does not have");
	losscounters_init(&now);
	losscounters_netstat(&now, "TcpExt: ListenOverflows ListenDrops\nTcpExt: 5 4\n");
	ok(now.values[LOSS_LISTEN_DROPS] == 0, "drops are never below none");
	losscounters_init(&now);
	losscounters_netstat(&now, "");
	losscounters_netstat(&now, "TcpExt:");
	losscounters_netstat(&now, "TcpExt: ListenOverflows");
	losscounters_netstat(&now, "IpExt: ListenOverflows\nIpExt: 99\n");
	losscounters_netstat(&now, "TcpExt: ListenOverflows\nIpExt: 99\n");
	ok(is_unknown(&now, 0, LOSS_KINDS - 1), "what is cut tells nothing");
	losscounters_netstat(&now, "TcpExt: A ListenOverflows B\nTcpExt: 1 2");
	ok(now.values[LOSS_LISTEN_OVERFLOWS] == 2, "a line with fewer numbers than heads");
}

static void
test_conntrack(void)
{
	struct losscounters now;

	losscounters_init(&now);
	losscounters_conntrack(&now, "entries insert_failed drop early_drop\n"
				     "0000000f 00000001 0000000a 00000000\n"
				     "0000000f 00000002 00000010 00000001\n");
	ok(now.values[LOSS_CONNTRACK_INSERT] == 3 && now.values[LOSS_CONNTRACK_DROP] == 26 &&
	       now.values[LOSS_CONNTRACK_EARLY] == 1,
	   "conntrack's, over all processors");
	losscounters_init(&now);
	losscounters_conntrack(&now, "entries drop\n");
	losscounters_conntrack(&now, "");
	ok(is_unknown(&now, 0, LOSS_KINDS - 1), "heads alone tell nothing");
}

static void
test_softnet(void)
{
	struct losscounters now;

	losscounters_init(&now);
	losscounters_softnet(&now, "");
	ok(now.values[LOSS_SOFTNET] == UNKNOWN, "no processors");
	losscounters_softnet(&now, "0351f4af 00000002 00000025\n01972cbe 0000000f 00000021\n");
	ok(now.values[LOSS_SOFTNET] == 17, "drops of all processors");
}

static const char two[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
    "    lo: 100 2 3 4 5 6 7 8 900 10 11 12 13 14 15 16\n"
    "  eth0:1 1 0 0 0 0 0 0 1 1 0 1 0 0 0 0\n";

static void
test_dev(void)
{
	struct losscounters now;

	losscounters_init(&now);
	losscounters_dev(&now, two, "eth");
	losscounters_dev(&now, two, "0");
	losscounters_dev(&now, "", "lo");
	ok(is_unknown(&now, 0, LOSS_KINDS - 1), "only the whole name counts");
	losscounters_dev(&now, two, "lo");
	ok(now.values[LOSS_RX_ERRORS] == 3 && now.values[LOSS_RX_DROPPED] == 4 &&
	       now.values[LOSS_TX_ERRORS] == 11 && now.values[LOSS_TX_DROPPED] == 12,
	   "an interface's");
	losscounters_dev(&now, two, "eth0");
	ok(now.values[LOSS_RX_DROPPED] == 0 && now.values[LOSS_TX_DROPPED] == 1,
	   "another's, without a blank behind its name");
}

static uint64_t
in_sysfs(const char *counter)
{
	char path[128];
	uint64_t value = UNKNOWN;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/lo/statistics/%s", counter);
	file = fopen(path, "r");
	if (file && fscanf(file, "%" SCNu64, &value) != 1)
		value = UNKNOWN;
	if (file)
		fclose(file);
	return value;
}

/* Of the kernel that runs: all the columns are where they are looked for. */
static void
test_kernel(void)
{
	static char text[1 << 20];
	struct losscounters now;
	FILE *file = fopen("/proc/net/netstat", "r");

	losscounters_init(&now);
	if (file) {
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		losscounters_netstat(&now, text);
		fclose(file);
	}
	for (int kind = LOSS_LISTEN_OVERFLOWS; kind <= LOSS_BACKLOG; kind++)
		ok(!file || now.values[kind] != UNKNOWN, "this kernel has %s", loss_name(kind));
	file = fopen("/proc/net/dev", "r");
	if (file) {
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		losscounters_dev(&now, text, "lo");
		fclose(file);
	}
	ok(!file || (now.values[LOSS_RX_ERRORS] == in_sysfs("rx_errors") &&
		     now.values[LOSS_RX_DROPPED] ==
			 in_sysfs("rx_dropped") + in_sysfs("rx_missed_errors") &&
		     now.values[LOSS_TX_ERRORS] == in_sysfs("tx_errors") &&
		     now.values[LOSS_TX_DROPPED] == in_sysfs("tx_dropped")),
	   "sysfs says the same of lo");
}

int
main(void)
{
	test_netstat();
	test_conntrack();
	test_softnet();
	test_dev();
	test_kernel();
	return done_testing();
}
