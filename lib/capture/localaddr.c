/*
 * The kernel itself is asked, as `ip route get` does: RTM_GETROUTE for one destination looks it up
 * in the routing tables, and answers with a route of type RTN_LOCAL if the host is the destination.
 */
#include "capture/localaddr.h"

#include "base/netlink.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr attribute;
	unsigned char address[16];
};

static struct question
ask_for(struct addr addr)
{
	const unsigned char size = addr.family == 4 ? 4 : 16;
	struct question question = {
	    .header = {.nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
	    .route = {.rtm_family = addr.family == 4 ? AF_INET : AF_INET6,
		      .rtm_dst_len = (unsigned char)(8 * size)},
	    .attribute = {.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = RTA_DST},
	};

	question.header.nlmsg_len = NLMSG_LENGTH(sizeof(question.route)) + RTA_LENGTH(size);
	for (int i = 0; i < size; i++)
		question.address[i] = (unsigned char)(addr.value >> (8 * (size - 1 - i)));
	return question;
}

/* The answer is one message: a route, or an error if there is none. */
static int
read_answer(int fd, bool *is_local, struct failure *why)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	const ptrdiff_t n = netlink_receive(fd, &answer, sizeof(answer));
	struct netlink_walk messages = netlink_walk(&answer, n < 0 ? 0 : (size_t)n);
	const struct nlmsghdr *message = netlink_next_message(&messages);
	const struct rtmsg *route = message ? netlink_body(message, sizeof(*route)) : NULL;

	if (n < 0)
		return failure_errno(why, "cannot read a route from the kernel");
	if (route && message->nlmsg_type == RTM_NEWROUTE)
		*is_local = route->rtm_type == RTN_LOCAL;
	else if (message && message->nlmsg_type == NLMSG_ERROR)
		*is_local = false; /* unreachable, so not local */
	else
		return failure_set(why, "unexpected answer of the kernel to a request for a route");
	return 0;
}

int
localaddr_find(struct addr addr, bool *is_local, struct failure *why)
{
	const struct question question = ask_for(addr);
	int fd = netlink_open(NETLINK_ROUTE), rc = -1;

	if (fd < 0 || netlink_send(fd, (const void *)&question) < 0)
		failure_errno(why, "cannot ask the kernel for a route");
	else
		rc = read_answer(fd, is_local, why);
	if (fd >= 0)
		close(fd);
	return rc;
}
