#include "capture/listenqueues.h"

#include "base/netlink.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct places {
	char *text;
	size_t size;
};

int
listenqueues_open(void)
{
	return netlink_open(NETLINK_SOCK_DIAG);
}

/* Whether the word is one of the text. */
static bool
has_word(const char *text, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static void
add(const struct places *places, const struct inet_diag_msg *listener)
{
	const struct inet_diag_sockid *id = &listener->id;
	const size_t used = strlen(places->text);
	char addr[INET6_ADDRSTRLEN], word[INET6_ADDRSTRLEN + 16];

	if (!inet_ntop(listener->idiag_family, id->idiag_src, addr, sizeof(addr)))
		return;
	snprintf(word, sizeof(word), listener->idiag_family == AF_INET6 ? "[%s]:%u" : "%s:%u", addr,
		 ntohs(id->idiag_sport));
	if (!has_word(places->text, word) && used + strlen(word) + 2 <= places->size)
		sprintf(places->text + used, "%s%s", used ? " " : "", word);
}

static int
parse(void *arg, const void *messages, size_t size)
{
	struct netlink_walk walk = netlink_walk(messages, size);
	const struct nlmsghdr *message;

	while ((message = netlink_next_message(&walk))) {
		const struct inet_diag_msg *listener = netlink_body(message, sizeof(*listener));

		if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY && listener &&
		    listener->idiag_rqueue > listener->idiag_wqueue)
			add(arg, listener);
	}
	return 0;
}

void
listenqueues_add_full(int fd, char *places, size_t size)
{
	static const unsigned char families[] = {AF_INET, AF_INET6};
	struct places to = {places, size};

	for (size_t i = 0; fd >= 0 && i < sizeof(families); i++) {
		const struct {
			struct nlmsghdr head;
			struct inet_diag_req_v2 body;
		} request = {
		    .head = {.nlmsg_len = sizeof(request),
			     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		    .body = {.sdiag_family = families[i],
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = 1 << TCP_LISTEN},
		};

		if (netlink_ask(fd, &request.head, parse, &to) < 0)
			return;
	}
}
