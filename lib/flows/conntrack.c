/*
 * Events are subscribed to before the table is dumped, so that no connection is missed in between.
 * When events arrive faster than they are read the kernel drops some (ENOBUFS): a note says so, and
 * the table is dumped again, at most once a second.
 */
#include "flows/conntrack.h"

#include "base/clock.h"
#include "packet/dissect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the socket for events, in bytes: holds about ten thousand. */
#define BUFFER_SIZE (8 << 20)

/* The shortest time between two dumps of the table, in nanoseconds. */
#define DUMP_EVERY NS_PER_SECOND

struct conntrack {
	struct pairsource source;
	struct nfct_handle *events, *table;
	bool is_dumping, is_due; /* a dump of the table is being read; another is needed */
	int64_t dumped_ns;       /* CLOCK_MONOTONIC, when the last dump was requested */
	int64_t now_ns;          /* CLOCK_REALTIME, of the events being read */
	uint64_t overruns;
};

static struct connpair_end
get_end(const struct nf_conntrack *ct, uint8_t family, enum nf_conntrack_attr v4,
	enum nf_conntrack_attr v6, enum nf_conntrack_attr port)
{
	struct connpair_end end = {.addr.family = family == AF_INET ? 4 : 6, .has_addr = true};
	const unsigned char *bytes = nfct_get_attr(ct, family == AF_INET ? v4 : v6);

	if (!bytes)
		return (struct connpair_end){0};
	for (int i = 0; i < (family == AF_INET ? 4 : 16); i++)
		end.addr.value = end.addr.value << 8 | bytes[i];
	end.port = ntohs(nfct_get_attr_u16(ct, port));
	end.has_port = true;
	return end;
}

static bool
is_same_end(const struct connpair_end *a, const struct connpair_end *b)
{
	return connpair_end_matches(a, b->addr, b->port);
}

/* Whether the connection is one whose destination was translated; fills its pair. */
static bool
get_pair(struct connpair *pair, const struct nf_conntrack *ct)
{
	const uint8_t family = nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO);
	const uint8_t protocol = nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO);

	if ((family != AF_INET && family != AF_INET6) ||
	    (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP && protocol != PROTOCOL_SCTP))
		return false;
	*pair = (struct connpair){
	    .protocol = protocol,
	    .client =
		get_end(ct, family, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC, ATTR_ORIG_PORT_SRC),
	    .vip = get_end(ct, family, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST, ATTR_ORIG_PORT_DST),
	    /* The reply tuple goes from the server to the address it sees. */
	    .source =
		get_end(ct, family, ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_DST, ATTR_REPL_PORT_DST),
	    .server =
		get_end(ct, family, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC, ATTR_REPL_PORT_SRC),
	};
	return pair->client.has_addr && pair->vip.has_addr && pair->source.has_addr &&
	       pair->server.has_addr && !is_same_end(&pair->vip, &pair->server);
}

/* The callback of nfct_catch. */
static int
report_connection(enum nf_conntrack_msg_type type, struct nf_conntrack *ct, void *context)
{
	struct conntrack *conntrack = context;
	struct connpair pair;
	uint64_t time;

	if (!get_pair(&pair, ct))
		return NFCT_CB_CONTINUE;
	pair.is_end = type == NFCT_T_DESTROY;
	/* Known only with the sysctl nf_conntrack_timestamp. */
	time = nfct_get_attr_u64(ct, pair.is_end ? ATTR_TIMESTAMP_STOP : ATTR_TIMESTAMP_START);
	pair.time_ns = time && time <= INT64_MAX ? (int64_t)time : conntrack->now_ns;
	conntrack->source.report(conntrack->source.context, &pair);
	return NFCT_CB_CONTINUE;
}

static int
request_dump(struct conntrack *conntrack, struct failure *why)
{
	const uint32_t family = AF_UNSPEC;

	if (nfct_send(conntrack->table, NFCT_Q_DUMP, &family) < 0)
		return failure_errno(why, "cannot dump the table of connections");
	conntrack->dumped_ns = clock_monotonic_ns();
	conntrack->is_dumping = true;
	conntrack->is_due = false;
	return 0;
}

static int
explain_errno(struct failure *why)
{
	switch (errno) {
	case EINVAL:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
		return failure_set(why, "connection tracking is not available: load the "
					"modules nf_conntrack and nf_conntrack_netlink");
	case EPERM:
		return failure_set(why, "not allowed to read connection tracking: CAP_NET_ADMIN is "
					"missing in the user namespace of this network");
	default: return failure_errno(why, "cannot read connection tracking");
	}
}

static int
read_events(struct conntrack *conntrack, struct failure *why)
{
	errno = 0;
	if (nfct_catch(conntrack->events) >= 0 || errno == EAGAIN || errno == EINTR)
		return 0;
	if (errno != ENOBUFS)
		return explain_errno(why);
	conntrack->is_due = true;
	if (conntrack->overruns++ == 0)
		failure_set(&conntrack->source.note,
			    "connections begin faster than they are read: "
			    "the kernel dropped some events, and the table "
			    "is read again");
	return 0;
}

static int
read_dump(struct conntrack *conntrack, struct failure *why)
{
	errno = 0;
	if (nfct_catch(conntrack->table) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : explain_errno(why);
	conntrack->is_dumping = false;
	conntrack->source.is_current = true;
	return 0;
}

static int
conntrack_read(struct pairsource *source, struct failure *why)
{
	struct conntrack *conntrack = (struct conntrack *)source;
	int64_t due_ns;

	conntrack->now_ns = clock_realtime_ns();
	if (read_events(conntrack, why) < 0 ||
	    (conntrack->is_dumping && read_dump(conntrack, why) < 0))
		return -1;
	source->timeout_ms = -1;
	if (!conntrack->is_due || conntrack->is_dumping)
		return 1;
	due_ns = conntrack->dumped_ns + DUMP_EVERY;
	source->timeout_ms = pairsource_ms_until(due_ns, clock_monotonic_ns());
	return source->timeout_ms == 0 && request_dump(conntrack, why) < 0 ? -1 : 1;
}

static void
close_handle(struct nfct_handle *handle)
{
	if (!handle)
		return;
	nfct_callback_unregister(handle);
	nfct_close(handle);
}

static void
conntrack_close(struct pairsource *source)
{
	struct conntrack *conntrack = (struct conntrack *)source;

	close_handle(conntrack->events);
	close_handle(conntrack->table);
	free(conntrack);
}

static struct nfct_handle *
open_handle(struct conntrack *conntrack, unsigned groups, struct pollfd *poller,
	    struct failure *why)
{
	struct nfct_handle *handle = nfct_open(CONNTRACK, groups);

	if (!handle) {
		explain_errno(why);
		return NULL;
	}
	nfct_callback_register(handle, NFCT_T_ALL, report_connection, conntrack);
	*poller = (struct pollfd){.fd = nfct_fd(handle), .events = POLLIN};
	if (fcntl(poller->fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(poller->fd, F_SETFD, FD_CLOEXEC) < 0) {
		failure_errno(why, "cannot read connection tracking");
		close_handle(handle);
		return NULL;
	}
	return handle;
}

/* A kernel without events is not an error: the table can still be read. */
static void
check_events(struct conntrack *conntrack)
{
	char setting = '1';
	int fd = open("/proc/sys/net/netfilter/nf_conntrack_events", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &setting, 1) == 1 && setting == '0')
		failure_set(&conntrack->source.note,
			    "the kernel does not report new connections: sysctl "
			    "net.netfilter.nf_conntrack_events is 0");
	if (fd >= 0)
		close(fd);
}

struct pairsource *
conntrack_open(connpair_report *report, void *context, struct failure *why)
{
	struct conntrack *conntrack = calloc(1, sizeof(*conntrack));
	struct pairsource *source;

	if (!conntrack) {
		failure_errno(why, "cannot read connection tracking");
		return NULL;
	}
	source = &conntrack->source;
	*source = (struct pairsource){.fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
				      .timeout_ms = -1,
				      .report = report,
				      .context = context,
				      .read = conntrack_read,
				      .close = conntrack_close};
	conntrack->events =
	    open_handle(conntrack, NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_DESTROY,
			&source->fds[0], why);
	if (conntrack->events)
		conntrack->table = open_handle(conntrack, 0, &source->fds[1], why);
	if (!conntrack->table || request_dump(conntrack, why) < 0) {
		conntrack_close(source);
		return NULL;
	}
	nfnl_rcvbufsiz(nfct_nfnlh(conntrack->events), BUFFER_SIZE);
	check_events(conntrack);
	return source;
}
