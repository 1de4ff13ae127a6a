#include "base/mergecontrol.h"

#include "base/fileio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union ancillary {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

struct mergecontrol
mergecontrol_of(enum mergecontrol_kind kind, const char *name)
{
	struct mergecontrol message = {.kind = kind, .fd = -1};

	snprintf(message.name, sizeof(message.name), "%s", name);
	return message;
}

int
mergecontrol_pair(int ends[2])
{
	/* It keeps messages apart, and tells the end. */
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

int
mergecontrol_send(int socket, const struct mergecontrol *message)
{
	union ancillary ancillary = {.bytes = ""};
	struct iovec part = {(void *)message, sizeof(*message)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};

	if (message->fd >= 0) {
		head.msg_control = &ancillary;
		head.msg_controllen = sizeof(ancillary);
		ancillary.head.cmsg_level = SOL_SOCKET;
		ancillary.head.cmsg_type = SCM_RIGHTS;
		ancillary.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ancillary.head), &message->fd, sizeof(message->fd));
	}
	return sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

/* The descriptor that has come with a message, or -1. */
static int
take_descriptor(struct msghdr *head)
{
	const struct cmsghdr *first = CMSG_FIRSTHDR(head);
	int fd = -1;

	if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS &&
	    first->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(first), sizeof(fd));
	return fd;
}

int
mergecontrol_receive(int socket, struct mergecontrol *message)
{
	union ancillary ancillary;
	struct iovec part = {message, sizeof(*message)};
	struct msghdr head = {.msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = &ancillary,
			      .msg_controllen = sizeof(ancillary)};
	const ssize_t n = recvmsg(socket, &head, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n <= 0)
		return (int)n;
	message->fd = take_descriptor(&head);
	message->name[sizeof(message->name) - 1] = '\0';
	if (n == sizeof(*message) && message->kind < MERGECONTROL_KINDS &&
	    (message->kind == MERGECONTROL_STREAM) == (message->fd >= 0))
		return 1;
	fileio_close(&message->fd);
	errno = EBADMSG;
	return -1;
}
