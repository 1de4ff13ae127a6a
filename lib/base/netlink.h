/*
 * netlink(7): a request to the kernel, and a walk over the messages and attributes of its answer
 * (layout: linux/netlink.h). The walk is pure and reads nothing outside of what it was given: a
 * message or an attribute that does not fit ends it. Numbers are in the host's byte order, as all
 * of netlink. Errors are in errno.
 */
#ifndef VCAP_NETLINK_H
#define VCAP_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket of this protocol, such as NETLINK_ROUTE, that the caller closes. -1: errno. */
int netlink_open(int protocol);

/* A socket that these groups (RTMGRP_LINK, ...) send messages to, and that does not block: the
 * caller's. -1: errno. */
int netlink_subscribe(int protocol, unsigned groups);

/* Sends a request of request->nlmsg_len bytes. 0, or -1 with errno. */
int netlink_send(int fd, const struct nlmsghdr *request);

/* Waits for the next datagram, unless the socket does not block, and returns its size; -1 with errno
 * (EAGAIN: there is none now; ENOBUFS: some were lost). A datagram that is not smaller than room is
 * an error, EMSGSIZE, and lost. This and netlink_send read and write, as a confined process may. */
ptrdiff_t netlink_receive(int fd, void *messages, size_t room);

/* Sends a request with NLM_F_DUMP, and calls parse with each datagram that answers; -1 of parse ends it.
 * 0, or -1 with errno. The socket has no other answer to come. */
int netlink_ask(int fd, const struct nlmsghdr *request,
		int (*parse)(void *arg, const void *messages, size_t size), void *arg);

/* The same for all objects of NETLINK_ROUTE, with a request of this type such as RTM_GETLINK. */
int netlink_dump(int fd, uint16_t type, int (*parse)(void *arg, const void *messages, size_t size),
		 void *arg);

/* What is left of a datagram, or of attributes. Starts at a multiple of 4 bytes. */
struct netlink_walk {
	const unsigned char *at, *end;
};

/* A walk over size bytes, the caller's. */
static inline struct netlink_walk
netlink_walk(const void *bytes, size_t size)
{
	return (struct netlink_walk){bytes, (const unsigned char *)bytes + size};
}

/* The next message, of which nlmsg_len bytes are there; NULL: none that is whole. */
const struct nlmsghdr *netlink_next_message(struct netlink_walk *messages);

/* The body of a message, such as a struct ifinfomsg, or NULL if it has less than size bytes. */
const void *netlink_body(const struct nlmsghdr *message, size_t size);

/* The error that a message of type NLMSG_ERROR brings, as in errno (EBADMSG: a malformed one); 0
 * for an acknowledgement and for messages of other types. */
int netlink_error(const struct nlmsghdr *message);

/* An attribute, its flags taken off the type. */
struct netlink_attribute {
	uint16_t type;
	const unsigned char *data; /* in the message */
	size_t size;               /* of data */
};

/* The attributes behind a body of body_size bytes. */
struct netlink_walk netlink_attributes(const struct nlmsghdr *message, size_t body_size);

/* Sets *attribute to the next one. False: none that is whole; *attribute is unchanged. */
bool netlink_next_attribute(struct netlink_walk *attributes, struct netlink_attribute *attribute);

/* Sets *inner to the first attribute of this type among those nested in outer. False: there is
 * none; *inner is unchanged. */
bool netlink_find_nested(const struct netlink_attribute *outer, uint16_t type,
			 struct netlink_attribute *inner);

/* The number in an attribute of four bytes, or more; 0 if it is shorter. */
uint32_t netlink_u32(const struct netlink_attribute *attribute);

/* Copies the text in an attribute, which may lack its NUL, and cuts it to size - 1 bytes. */
void netlink_text(const struct netlink_attribute *attribute, char *to, size_t size);

#endif
