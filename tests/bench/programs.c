/*
 * What it costs to judge packets by N random hosts: the time to compile, the instructions, and
 * those executed for a packet that does not match, of vcap's program and of libpcap's two ways to
 * say it. libpcap gets no more hosts than it compiles in about a minute.
 */
#include "filter/compile.h"
#include "filter/filter.h"
#include "packet/addrset.h"
#include "packet/bpf.h"

#include "../tools/steps.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PACKETS = 2000, FRAME = 64, HOST_SLOWEST = 1000 };

static unsigned char frames[PACKETS][FRAME];
static uint64_t state = 0x9e3779b97f4a7c15;

/* xorshift64: the same hosts and packets in every run. */
static uint32_t
draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
print_program(const char *name, double ms, const struct insn *insns, size_t count)
{
	uint64_t steps = 0;
	unsigned most = 0;

	for (int i = 0; i < PACKETS; i++) {
		unsigned taken = count_steps(insns, frames[i], FRAME);

		steps += taken;
		most = taken > most ? taken : most;
	}
	printf("  %-22s %10.3f ms %7zu instructions %8.1f executed (most %u)%s\n", name, ms, count,
	       (double)steps / PACKETS, most,
	       count > BPF_MAX ? "  more than the kernel takes" : "");
}

static void
bench_libpcap(const char *name, const char *prefix, const uint32_t *hosts, size_t count)
{
	size_t size = count * 32 + 64, used = 0;
	char *expression = malloc(size);
	struct bpf_program program;
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);
	double start;

	if (!expression || !pcap)
		exit(1);
	used += (size_t)snprintf(expression, size, "%s(", prefix);
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(expression + used, size - used, "%shost %u.%u.%u.%u",
					 i ? " or " : "", hosts[i] >> 24, hosts[i] >> 16 & 255,
					 hosts[i] >> 8 & 255, hosts[i] & 255);
	snprintf(expression + used, size - used, ")");
	start = now_ms();
	if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		printf("  %-22s %s\n", name, pcap_geterr(pcap));
	} else {
		print_program(name, now_ms() - start, (const struct insn *)program.bf_insns,
			      program.bf_len);
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	free(expression);
}

/* false: they do not fit. */
static bool
compile(const uint32_t *hosts, size_t count, struct bpf *program, double *ms)
{
	struct addrset set = ADDRSET_INIT;
	struct filter filter = {.set = &set};
	struct failure why;
	double start = now_ms();
	char host[16];
	int rc;

	for (size_t i = 0; i < count; i++) {
		snprintf(host, sizeof(host), "%u.%u.%u.%u", hosts[i] >> 24, hosts[i] >> 16 & 255,
			 hosts[i] >> 8 & 255, hosts[i] & 255);
		if (addrset_add(&set, host, &why) < 0)
			exit(1);
	}
	addrset_seal(&set);
	rc = compile_filter(&filter, LINKTYPE_EN10MB, program, &why);
	*ms = now_ms() - start;
	addrset_release(&set);
	return rc == 0;
}

static void
bench(const uint32_t *hosts, size_t count)
{
	struct bpf program = BPF_INIT;
	double ms;

	printf("%zu hosts\n", count);
	if (compile(hosts, count, &program, &ms))
		print_program("vcap-filter", ms, program.insns, program.count);
	bpf_release(&program);
	bench_libpcap("libpcap, ip and host", "ip and ", hosts, count);
	if (count <= HOST_SLOWEST)
		bench_libpcap("libpcap, host", "", hosts, count);
	else
		printf("  %-22s not tried: takes minutes\n", "libpcap, host");
	fflush(stdout);
}

static size_t
most_that_fit(const uint32_t *hosts, size_t most)
{
	size_t low = 1;

	while (low < most) {
		struct bpf program = BPF_INIT;
		size_t middle = (low + most + 1) / 2;
		double ms;

		if (compile(hosts, middle, &program, &ms))
			low = middle;
		else
			most = middle - 1;
		bpf_release(&program);
	}
	return low;
}

int
main(void)
{
	static const unsigned char start[] = {[12] = 8, [14] = 0x45, [17] = 50, [23] = 6};
	enum { MOST = 8192 };
	static uint32_t hosts[MOST];

	for (size_t i = 0; i < MOST; i++)
		hosts[i] = draw();
	for (int i = 0; i < PACKETS; i++) {
		uint32_t ends[2] = {draw(), draw()};

		memcpy(frames[i], start, sizeof(start));
		memcpy(frames[i] + 26, ends, sizeof(ends));
	}
	for (size_t count = 1; count <= 1000; count *= 10)
		bench(hosts, count);
	bench(hosts, most_that_fit(hosts, MOST));
	return 0;
}
