/* The walk over netlink messages and attributes, whole, damaged and cut at every byte. */
#include "base/netlink.h"
#include "tap.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#define KIND   1
#define NAME   3
#define NUMBER 5
#define NEST   18

/* Attributes, aligned as in a message; room for the longest length a damaged one has. */
static _Alignas(4) unsigned char bytes[64];
static size_t used;

static unsigned char *
add(uint16_t type, uint16_t length, const void *data, size_t size)
{
	unsigned char *head = bytes + used;

	memcpy(head, &length, 2);
	memcpy(head + 2, &type, 2);
	memcpy(head + 4, data, size);
	used += NLA_ALIGN(4 + size);
	return head;
}

/* The types of the attributes in the first size bytes, each with its size: "3:5 18:12 ". */
static const char *
walked(const void *from, size_t size)
{
	static char text[256];
	struct netlink_walk walk = netlink_walk(from, size);
	struct netlink_attribute attribute;
	size_t length = 0;

	text[0] = '\0';
	while (netlink_next_attribute(&walk, &attribute))
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%u:%zu ",
					   attribute.type, attribute.size);
	return text;
}

static void
begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	used = 0;
}

static void
test_attributes(void)
{
	begin();
	is_str(walked(bytes, 0), "", "no attribute");
	add(NAME, 9, "eth0", 5);
	add(NUMBER | NLA_F_NET_BYTEORDER, 8, "\1\2\3\4", 4);
	add(NEST | NLA_F_NESTED, 4, "", 0);
	is_str(walked(bytes, used), "3:5 5:4 18:0 ", "types without flags, sizes without padding");
	begin();
	add(NUMBER, 8, "\1\2\3\4", 4);
	add(NAME, 9, "eth0", 5);
	is_str(walked(bytes, 17), "5:4 3:5 ", "the padding of the last one may be missing");
	is_str(walked(bytes, 16), "5:4 ", "... but none of its bytes");
}

static void
test_lengths(void)
{
	static const struct {
		uint16_t length;
		const char *walked, *name;
	} cases[] = {
	    {0, "", "a length of 0, which would stand still"},
	    {3, "", "a length below that of the header"},
	    {4, "3:0 0:8 ", "none but the header; what follows is taken for one"},
	    {12, "3:8 ", "all that is there"},
	    {13, "", "one byte more than there is"},
	    {65535, "", "the greatest length"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		add(NAME, cases[i].length, "\14\0\0\0\0\0\0\0", 8);
		/* At the next multiple of 4 the data of the first is a header of length 12. */
		is_str(walked(bytes, cases[i].length == 4 ? 16 : 12), cases[i].walked,
		       cases[i].name);
	}
}

static void
test_nested(void)
{
	struct netlink_attribute outer, inner = {.type = 99};
	struct netlink_walk walk;
	unsigned char *nest;

	begin();
	nest = add(NEST, 4, "", 0);
	add(NAME, 9, "eth0", 5);
	add(KIND, 8, "vlan", 4);
	nest[0] = (unsigned char)used;
	walk = netlink_walk(bytes, used);
	ok(netlink_next_attribute(&walk, &outer), "an attribute with attributes");
	ok(netlink_find_nested(&outer, KIND, &inner) && inner.size == 4, "the second in it");
	inner.type = 99;
	ok(!netlink_find_nested(&outer, NUMBER, &inner) && inner.type == 99,
	   "one that is not there leaves the result alone");
	nest[0] = (unsigned char)(used - 1);
	walk = netlink_walk(bytes, used);
	netlink_next_attribute(&walk, &outer);
	ok(!netlink_find_nested(&outer, KIND, &inner), "one that goes beyond the outer one");
}

static void
test_values(void)
{
	char text[5];
	uint32_t number = 0x01020304;

	netlink_text(&(struct netlink_attribute){.data = (const void *)"ab\0cd", .size = 5}, text,
		     sizeof(text));
	is_str(text, "ab", "text up to its NUL");
	netlink_text(&(struct netlink_attribute){.data = (const void *)"abcdef", .size = 3}, text,
		     sizeof(text));
	is_str(text, "abc", "text without a NUL");
	netlink_text(&(struct netlink_attribute){.data = (const void *)"abcdef", .size = 6}, text,
		     sizeof(text));
	is_str(text, "abcd", "text that is too long is cut");
	netlink_text(&(struct netlink_attribute){.data = (const void *)"", .size = 0}, text,
		     sizeof(text));
	is_str(text, "", "text of no byte");
	ok(netlink_u32(&(struct netlink_attribute){.data = (const void *)&number, .size = 4}) ==
	       number,
	   "a number");
	ok(netlink_u32(&(struct netlink_attribute){.data = (const void *)&number, .size = 3}) == 0,
	   "a number that is too short is 0");
}

/* A message as the kernel sends it, with lengths of the caller's. */
static struct nlmsghdr *
message_of(uint32_t length, uint16_t type)
{
	begin();
	*(struct nlmsghdr *)(void *)bytes =
	    (struct nlmsghdr){.nlmsg_len = length, .nlmsg_type = type};
	return (struct nlmsghdr *)(void *)bytes;
}

static void
test_messages(void)
{
	struct netlink_walk walk;
	struct nlmsghdr *message = message_of(18, RTM_NEWLINK);

	/* 18 bytes and 2 of padding, then a header alone. */
	((struct nlmsghdr *)(void *)(bytes + 20))->nlmsg_len = 16;
	walk = netlink_walk(bytes, 36);
	ok(netlink_next_message(&walk) == message, "a message");
	ok(netlink_next_message(&walk) == (void *)(bytes + 20), "the next, at a multiple of 4");
	ok(netlink_next_message(&walk) == NULL, "the end");
	walk = netlink_walk(bytes, 18);
	ok(netlink_next_message(&walk) == message && !netlink_next_message(&walk),
	   "the padding of the last one may be missing");
	walk = netlink_walk(bytes, 17);
	ok(netlink_next_message(&walk) == NULL, "a message that is cut");
	ok(netlink_body(message, 2) == bytes + 16 && !netlink_body(message, 3),
	   "a body is there, or it is NULL");
	for (uint32_t length = 0; length < 16; length += 15) {
		message = message_of(length, RTM_NEWLINK);
		walk = netlink_walk(bytes, 36);
		ok(netlink_next_message(&walk) == NULL, "a length of %u", length);
	}
	message = message_of(UINT32_MAX, RTM_NEWLINK);
	walk = netlink_walk(bytes, 36);
	ok(netlink_next_message(&walk) == NULL, "the greatest length");
}

static void
test_behind_a_body(void)
{
	struct nlmsghdr *message = message_of(16 + 4 + 8, RTM_NEWADDR);
	struct netlink_walk walk;

	used = 20;
	add(NUMBER, 8, "\1\2\3\4", 4);
	walk = netlink_attributes(message, 2);
	is_str(walked(walk.at, (size_t)(walk.end - walk.at)), "5:4 ",
	       "attributes start behind the padding of the body");
	walk = netlink_attributes(message, 12);
	ok(walk.at == walk.end, "a body that fills the message: no attribute");
	walk = netlink_attributes(message, 40);
	ok(walk.at == walk.end, "a body that would be longer: no attribute");
}

static void
test_errors(void)
{
	struct nlmsghdr *message = message_of(20, NLMSG_ERROR);

	ok(netlink_error(message) == 0, "an acknowledgement is no error");
	memcpy(bytes + 16, &(int){-EPERM}, 4);
	ok(netlink_error(message) == EPERM, "an error");
	message->nlmsg_len = 19;
	ok(netlink_error(message) == EBADMSG, "an error without its number");
	message->nlmsg_len = 20;
	memcpy(bytes + 16, "\0\0\0\x80", 4);
	ok(netlink_error(message) == EBADMSG, "a number that is none of errno");
	message->nlmsg_type = RTM_NEWLINK;
	ok(netlink_error(message) == 0, "another message");
}

/* Under the address sanitizer: from memory of just that size. */
static void
test_cut(void)
{
	unsigned seen = 0;

	begin();
	add(NAME, 9, "eth0", 5);
	add(NUMBER, 8, "\1\2\3\4", 4);
	for (size_t size = 0; size <= used; size++) {
		unsigned char *copy = malloc(size ? size : 1);

		memcpy(copy, bytes, size);
		for (const char *c = walked(copy, size); *c; c++)
			seen += *c == ':';
		free(copy);
	}
	/* One from 9 bytes on, two with all 20. */
	ok(seen == (20 - 9 + 1) + 1, "cut anywhere, what is whole is seen");
}

int
main(void)
{
	test_attributes();
	test_lengths();
	test_nested();
	test_values();
	test_messages();
	test_behind_a_body();
	test_errors();
	test_cut();
	return done_testing();
}
