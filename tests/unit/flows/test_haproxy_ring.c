/*
 * The ring of a HAProxy that answers in pieces, and hangs up: the kernel cuts its answers where it
 * likes, which a real one cannot be made to show.
 */
#include "flows/haproxy_ring.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/test_haproxy_ring.XXXXXX", path[64];

/* The client's ports of the pairs that were reported, each after a blank. */
static char reported[256];

static void
report(void *context, const struct connpair *pair)
{
	const size_t length = strlen(reported);

	(void)context;
	snprintf(reported + length, sizeof(reported) - length, " %u", pair->client.port);
}

static int
listen_as_haproxy(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 8) == 0
		   ? fd
		   : -1;
}

/* Lets the source read what there is. */
static void
read_all(struct pairsource *source)
{
	struct failure why = FAILURE_INIT;

	for (int i = 0; i < 4; i++)
		if (source->read(source, &why) < 0)
			printf("# %s\n", why.text);
}

static void
say(int fd, struct pairsource *source, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		perror("# write");
	read_all(source);
}

/* A line of the ring whose client's port is its number, as is its time in microseconds. */
static void
say_event(int fd, struct pairsource *source, int64_t time_us, int number)
{
	char line[160];

	snprintf(line, sizeof(line),
		 "<134>1 - vcap=%lld,10.0.0.1,%d,10.0.0.9,80,10.1.0.1,5000,10.1.0.2,80\n",
		 (long long)time_us, number);
	say(fd, source, line);
}

static const char process[] = "Pid: 7\nStart_time_sec: 1\n\n", sinks[] = "vcap : type=buffer\n\n";

/* The source's connection for the lines. Its probes are let go unanswered. */
static int
next_call(int server)
{
	for (;;) {
		char question[256] = "";
		int fd = accept(server, NULL, NULL);

		if (recv(fd, question, sizeof(question) - 1, 0) > 0 &&
		    strstr(question, "show events"))
			return fd;
		close(fd);
	}
}

/* Hangs up, and waits for the source to call again. */
static int
call_again(int server, int fd, struct pairsource *source)
{
	close(fd);
	read_all(source);
	for (;;) {
		struct pollfd pollfd = {.fd = server, .events = POLLIN};

		if (poll(&pollfd, 1, 50) > 0)
			return next_call(server);
		read_all(source);
	}
}

static void
skips_what_it_has_read(int server)
{
	struct failure why = FAILURE_INIT;
	struct pairsource *source = haproxy_ring_open(path, "vcap", report, NULL, &why);
	int fd = next_call(server);

	say(fd, source, process);
	say(fd, source, sinks);
	say(fd, source, "\n");
	ok(source->is_current, "the sessions before it have been told");
	for (int i = 1; i <= 3; i++)
		say_event(fd, source, 1000 + i, i);
	is_str(reported, " 1 2 3", "each line once");

	reported[0] = '\0';
	fd = call_again(server, fd, source);
	say(fd, source, process);
	say(fd, source, sinks);
	for (int i = 1; i <= 5; i++)
		say_event(fd, source, 1000 + i, i);
	is_str(reported, " 4 5",
	       "the repeated lines arrive one by one: only the new ones are told");

	reported[0] = '\0';
	fd = call_again(server, fd, source);
	say(fd, source, process);
	say(fd, source, sinks);
	for (int i = 7; i <= 9; i++)
		say_event(fd, source, 1000 + i, i);
	is_str(reported, " 7 8 9", "the last line was overwritten: later ones are told");
	close(fd);
	source->close(source);
}

int
main(void)
{
	int server;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/sock", folder);
	server = listen_as_haproxy();
	ok(server >= 0, "a socket");
	skips_what_it_has_read(server);
	close(server);
	unlink(path);
	rmdir(folder);
	return done_testing();
}
