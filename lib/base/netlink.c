/*
 * Messages and attributes have the same form: a length that counts its own header, a type, and the
 * next one at the following multiple of 4. So a length below that of the header would go backwards,
 * and one beyond the end out of the buffer; both end a walk. The padding of the last one may be
 * missing.
 */
#include "base/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
netlink_open(int protocol)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

int
netlink_subscribe(int protocol, unsigned groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
netlink_send(int fd, const struct nlmsghdr *request)
{
	return write(fd, request, request->nlmsg_len) < 0 ? -1 : 0;
}

ptrdiff_t
netlink_receive(int fd, void *messages, size_t room)
{
	ssize_t n;

	/* A datagram that is cut is not told from one that just fits. */
	do
		n = read(fd, messages, room);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)room)
		return n;
	errno = EMSGSIZE;
	return -1;
}

/* Whether the messages end a dump: 1, or -1 with errno for an error, 0 if more will come. */
static int
dump_is_over(const void *messages, size_t size)
{
	struct netlink_walk walk = netlink_walk(messages, size);
	const struct nlmsghdr *message;

	while ((message = netlink_next_message(&walk))) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			errno = netlink_error(message);
			return -1;
		}
	}
	return 0;
}

int
netlink_ask(int fd, const struct nlmsghdr *request,
	    int (*parse)(void *arg, const void *messages, size_t size), void *arg)
{
	static const size_t room = 256 << 10; /* above what the kernel puts in one datagram */
	void *messages = malloc(room);
	int over = messages ? netlink_send(fd, request) : -1;

	while (over == 0) {
		const ptrdiff_t n = netlink_receive(fd, messages, room);

		over = n < 0 ? -1 : dump_is_over(messages, (size_t)n);
		if (over >= 0 && parse(arg, messages, (size_t)n) < 0)
			over = -1;
	}
	free(messages);
	return over < 0 ? -1 : 0;
}

int
netlink_dump(int fd, uint16_t type, int (*parse)(void *arg, const void *messages, size_t size),
	     void *arg)
{
	const struct {
		struct nlmsghdr head;
		struct ifinfomsg body; /* as long as any the kernel expects here */
	} request = {
	    .head = {.nlmsg_len = sizeof(request),
		     .nlmsg_type = type,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};

	return netlink_ask(fd, &request.head, parse, arg);
}

/* Moves behind something of this length, which is there, and its padding, as far as it is. */
static void
skip(struct netlink_walk *walk, size_t length)
{
	const size_t left = (size_t)(walk->end - walk->at), aligned = NLMSG_ALIGN(length);

	walk->at += aligned < left ? aligned : left;
}

const struct nlmsghdr *
netlink_next_message(struct netlink_walk *messages)
{
	const struct nlmsghdr *message = (const void *)messages->at;
	const size_t left = (size_t)(messages->end - messages->at);

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > left)
		return NULL;
	skip(messages, message->nlmsg_len);
	return message;
}

const void *
netlink_body(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len >= NLMSG_LENGTH(size) ? NLMSG_DATA(message) : NULL;
}

int
netlink_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = netlink_body(message, sizeof(error->error));

	if (message->nlmsg_type != NLMSG_ERROR)
		return 0;
	/* Above -MAX_ERRNO (linux/err.h), as any that the kernel returns. */
	return error && error->error <= 0 && error->error > -4096 ? -error->error : EBADMSG;
}

struct netlink_walk
netlink_attributes(const struct nlmsghdr *message, size_t body_size)
{
	const size_t before = NLMSG_SPACE(body_size);

	if (message->nlmsg_len <= before)
		return netlink_walk(message, 0);
	return netlink_walk((const unsigned char *)message + before, message->nlmsg_len - before);
}

bool
netlink_next_attribute(struct netlink_walk *attributes, struct netlink_attribute *attribute)
{
	const struct nlattr *head = (const void *)attributes->at;
	const size_t left = (size_t)(attributes->end - attributes->at);

	if (left < NLA_HDRLEN || head->nla_len < NLA_HDRLEN || head->nla_len > left)
		return false;
	*attribute = (struct netlink_attribute){.type = head->nla_type & NLA_TYPE_MASK,
						.data = attributes->at + NLA_HDRLEN,
						.size = (size_t)head->nla_len - NLA_HDRLEN};
	skip(attributes, head->nla_len);
	return true;
}

bool
netlink_find_nested(const struct netlink_attribute *outer, uint16_t type,
		    struct netlink_attribute *inner)
{
	struct netlink_walk walk = netlink_walk(outer->data, outer->size);
	struct netlink_attribute attribute;

	while (netlink_next_attribute(&walk, &attribute))
		if (attribute.type == type) {
			*inner = attribute;
			return true;
		}
	return false;
}

uint32_t
netlink_u32(const struct netlink_attribute *attribute)
{
	uint32_t value = 0;

	if (attribute->size >= sizeof(value))
		memcpy(&value, attribute->data, sizeof(value));
	return value;
}

void
netlink_text(const struct netlink_attribute *attribute, char *to, size_t size)
{
	size_t length = strnlen((const char *)attribute->data, attribute->size);

	if (length >= size)
		length = size - 1;
	memcpy(to, attribute->data, length);
	to[length] = '\0';
}
