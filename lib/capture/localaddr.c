#include "capture/localaddr.h"

#include <errno.h>
#include <linux/netlink.h>
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

/* The one message that answers: a route, or the error that there is none. */
static int
read_answer(int fd, bool *is_local, struct failure *why)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	const ssize_t n = recv(fd, &answer, sizeof(answer), 0);
	const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
	const struct rtmsg *route = NLMSG_DATA(&answer.header);

	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*route)))
		return failure_errno(why, "the kernel does not tell its routes");
	if (answer.header.nlmsg_type == RTM_NEWROUTE) {
		*is_local = route->rtm_type == RTN_LOCAL;
		return 0;
	}
	if (answer.header.nlmsg_type != NLMSG_ERROR ||
	    n < (ssize_t)NLMSG_LENGTH(sizeof(error->error)))
		return failure_set(why, "the kernel does not tell its routes");
	/* No way there: certainly not here. */
	*is_local = false;
	return 0;
}

int
localaddr_find(struct addr addr, bool *is_local, struct failure *why)
{
	const struct question question = ask_for(addr);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), rc = -1;

	if (fd < 0 || send(fd, &question, question.header.nlmsg_len, 0) < 0)
		failure_errno(why, "cannot ask the kernel for routes");
	else
		rc = read_answer(fd, is_local, why);
	if (fd >= 0)
		close(fd);
	return rc;
}
