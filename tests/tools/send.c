/*
 * send: UDP packets as raw Ethernet frames from one CPU, as fast as they go or at a rate. Prints
 * how many were sent.
 *
 * usage: send [-c count] [-s size] [-C cpu] [-v vlan]... [-p port] [-r rate] [-d address] [-o] [-t] iface
 *
 * size is that of the frame, without VLAN tags (several -v: the first is the outer one, 802.1ad).
 * Each payload begins with the packet's number. -d: to this Ethernet address. -o: through the queueing layer, so that sockets on
 * iface itself see the packets as outgoing. -t: prints the nanoseconds that each packet took
 * instead.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH   64
#define LARGEST 65535

struct plan {
	unsigned long count, rate;
	size_t size;
	int cpu;
	uint16_t tags[2];
	unsigned tag_count;
	uint16_t port;
	bool queued, timed;
	const char *iface;
	struct ether_addr to;
};

static struct plan
parse(int argc, char **argv)
{
	struct plan plan = {
	    .count = 1, .size = 128, .cpu = -1, .port = 9, .to = {{2, 0, 0, 0, 0, 2}}};
	int opt;

	while ((opt = getopt(argc, argv, "c:s:C:v:p:r:d:ot")) != -1) {
		switch (opt) {
		case 'c': plan.count = strtoul(optarg, NULL, 10); break;
		case 's': plan.size = strtoul(optarg, NULL, 10); break;
		case 'C': plan.cpu = atoi(optarg); break;
		case 'v': plan.tags[plan.tag_count++ % 2] = (uint16_t)atoi(optarg); break;
		case 'p': plan.port = (uint16_t)atoi(optarg); break;
		case 'r': plan.rate = strtoul(optarg, NULL, 10); break;
		case 'd':
			if (!ether_aton_r(optarg, &plan.to))
				errx(2, "no Ethernet address: '%s'", optarg);
			break;
		case 'o': plan.queued = true; break;
		case 't': plan.timed = true; break;
		default: exit(2);
		}
	}
	plan.iface = argv[optind];
	if (!plan.iface || plan.size < 50 || plan.size > LARGEST)
		errx(2, "an interface and a size from 50 to 65535");
	return plan;
}

/* RFC 791: a bridge with br_netfilter drops what has another. */
static uint16_t
checksum(const struct iphdr *ip)
{
	uint16_t words[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* The headers; returns where the payload starts. */
static size_t
build(unsigned char *frame, const struct plan *plan)
{
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
	struct udphdr udp = {.source = htons(4000), .dest = htons(plan->port)};
	size_t at = 0;

	memset(frame, 0, plan->size + 8);
	memcpy(frame, &plan->to, ETH_ALEN);
	memcpy(frame + ETH_ALEN, "\x02\0\0\0\0\x01", ETH_ALEN);
	at = 12;
	for (unsigned i = 0; i < plan->tag_count; i++) {
		uint16_t tag[2] = {htons(i + 1 < plan->tag_count ? ETH_P_8021AD : ETH_P_8021Q),
				   htons(plan->tags[i])};

		memcpy(frame + at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	memcpy(frame + at, "\x08\0", 2);
	at += 2;
	ip.tot_len = htons((uint16_t)(plan->size - 14));
	inet_pton(AF_INET, "10.0.0.1", &ip.saddr);
	inet_pton(AF_INET, "10.0.0.2", &ip.daddr);
	ip.check = checksum(&ip);
	memcpy(frame + at, &ip, sizeof(ip));
	at += sizeof(ip);
	udp.len = htons((uint16_t)(plan->size - 34));
	memcpy(frame + at, &udp, sizeof(udp));
	return at + sizeof(udp);
}

static int
open_socket(const struct plan *plan)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(plan->iface)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), bypass = !plan->queued;
	cpu_set_t cpus;

	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "cannot send on '%s'", plan->iface);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass));
	if (plan->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)plan->cpu, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
			err(1, "cannot run on CPU %d", plan->cpu);
	}
	return fd;
}

static double
seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void
keep_rate(const struct plan *plan, const struct timespec *start, unsigned long sent)
{
	uint64_t due = sent * UINT64_C(1000000000) / plan->rate;
	struct timespec until = {start->tv_sec + (time_t)(due / 1000000000),
				 start->tv_nsec + (long)(due % 1000000000)};

	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

int
main(int argc, char **argv)
{
	struct plan plan = parse(argc, argv);
	int fd = open_socket(&plan);
	size_t length = plan.size + 4 * plan.tag_count;
	unsigned char *frames = malloc(BATCH * (LARGEST + 9));
	struct mmsghdr messages[BATCH] = {0};
	struct iovec vectors[BATCH];
	size_t payload = 0;
	unsigned long sent = 0;
	struct timespec start;

	if (!frames)
		err(1, "no memory");
	for (int i = 0; i < BATCH; i++) {
		payload = build(frames + i * length, &plan);
		vectors[i] = (struct iovec){frames + i * length, length};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (sent < plan.count) {
		unsigned long left = plan.count - sent, n = left < BATCH ? left : BATCH;
		int done;

		if (plan.rate && n > plan.rate / 1000 + 1)
			n = plan.rate / 1000 + 1;
		for (unsigned long i = 0; i < n; i++) {
			uint32_t number = htonl((uint32_t)(sent + i));

			memcpy(frames + i * length + payload, &number, sizeof(number));
		}
		done = sendmmsg(fd, messages, (unsigned)n, 0);
		if (done < 0)
			err(1, "cannot send");
		sent += (unsigned long)done;
		if (plan.rate)
			keep_rate(&plan, &start, sent);
	}
	if (plan.timed)
		printf("%.1f\n", seconds_since(&start) * 1e9 / (double)sent);
	else
		printf("%lu\n", sent);
	return 0;
}
