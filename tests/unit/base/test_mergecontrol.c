/* Messages between vcap-live and its vcap-merge. */
#include "base/mergecontrol.h"
#include "tap.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
messages_come_with_their_descriptors(int sender, int receiver)
{
	struct mergecontrol sent = mergecontrol_of(MERGECONTROL_STREAM, "lb1"), got;
	int ends[2];
	char byte = 0;

	if (pipe(ends) < 0)
		return;
	sent.fd = ends[0];
	ok(mergecontrol_send(sender, &sent) == 0, "sent");
	sent = mergecontrol_of(MERGECONTROL_OFFSET, "lb2");
	sent.offset_ns = -5;
	mergecontrol_send(sender, &sent);
	ok(mergecontrol_receive(receiver, &got) == 1 && got.kind == MERGECONTROL_STREAM &&
	       strcmp(got.name, "lb1") == 0 && got.fd >= 0 && got.fd != ends[0],
	   "received, with a descriptor");
	ok(write(ends[1], "x", 1) == 1 && read(got.fd, &byte, 1) == 1 && byte == 'x',
	   "which is the same pipe");
	ok(mergecontrol_receive(receiver, &got) == 1 && got.kind == MERGECONTROL_OFFSET &&
	       got.offset_ns == -5 && got.fd == -1,
	   "another one, without");
	errno = 0;
	ok(mergecontrol_receive(receiver, &got) < 0 && errno == EAGAIN, "no more");
	close(ends[0]);
	close(ends[1]);
}

static void
others_are_refused(int sender, int receiver)
{
	struct mergecontrol message = mergecontrol_of(MERGECONTROL_STREAM, "lb1"), got;

	mergecontrol_send(sender, &message);
	ok(mergecontrol_receive(receiver, &got) < 0 && errno == EBADMSG,
	   "a stream without its descriptor");
	message.kind = MERGECONTROL_KINDS;
	mergecontrol_send(sender, &message);
	ok(mergecontrol_receive(receiver, &got) < 0 && errno == EBADMSG, "another kind");
	send(sender, "stream", 6, 0);
	ok(mergecontrol_receive(receiver, &got) < 0 && errno == EBADMSG, "a part of one");
	message = mergecontrol_of(MERGECONTROL_END, "lb1");
	for (int i = 0; i < 1000 && mergecontrol_send(sender, &message) == 0; i++)
		;
	ok(errno == EAGAIN, "more than there is room for");
	while (mergecontrol_receive(receiver, &got) > 0)
		;
	close(sender);
	ok(mergecontrol_receive(receiver, &got) == 0, "the other end is closed");
}

int
main(void)
{
	int ends[2];

	if (!ok(mergecontrol_pair(ends) == 0, "a pair"))
		return done_testing();
	messages_come_with_their_descriptors(ends[0], ends[1]);
	others_are_refused(ends[0], ends[1]);
	return done_testing();
}
