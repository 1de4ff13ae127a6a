/* The size and speed of programs, and sets that are widened to fit. */
#include "filter/oracle.h"

#include "../tools/steps.h"

static void
add_hosts(struct specs *specs, unsigned count, uint32_t width)
{
	*specs = (struct specs){0};
	for (unsigned i = 0; i < count; i++) {
		uint32_t first = width > 1 ? (uint32_t)(UINT32_MAX / count * i) : random32();

		addrset_add_interval(&specs->set, 4, (struct interval){first, first + width - 1},
				     NULL);
	}
	addrset_seal(&specs->set);
}

static void
test_size(void)
{
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;
	struct specs specs;
	struct filter filter = {.set = &specs.set};
	struct service service;
	unsigned most = 0;
	bool fits;

	add_hosts(&specs, 1000, 1);
	compile_filter(&filter, LINKTYPE_EN10MB, &program, NULL);
	for (int i = 0; i < 20000; i++) {
		struct story story = {.linktype = LINKTYPE_EN10MB, .protocol = PROTOCOL_TCP};
		struct frame frame;
		unsigned executed;

		story.source = (struct addr){4, random32()};
		story.destination = (struct addr){4, random32()};
		frame_build(&frame, &story);
		executed = count_steps(program.insns, frame.bytes, frame.size);
		if (executed > most)
			most = executed;
	}
	ok(program.count <= 2600, "1,000 random hosts: %zu instructions", program.count);
	ok(most <= 36, "1,000 random hosts: at most %u executed for no match", most);
	addrset_release(&specs.set);

	add_hosts(&specs, 1500, 1);
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(fits && attach(&program), "1,500 random hosts: %zu instructions", program.count);
	addrset_release(&specs.set);
	add_hosts(&specs, 1000, 100);
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(fits && attach(&program), "1,000 disjoint ranges: %zu instructions", program.count);
	addrset_release(&specs.set);

	add_hosts(&specs, 3000, 1);
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(!fits, "3,000 random hosts do not fit: %s", why.text);
	service_parse(
	    &service, "shop",
	    "vip 192.0.2.10 tcp/443\nvip 2001:db8::10 tcp/443\nserver 10.0.1.11 tcp/8080\n"
	    "server 10.0.1.12 tcp/8080\nsource client\nmonitor tcp/8081\nmonitor icmp\n",
	    "shop", NULL);
	filter.service = &service;
	filter.variable_end = true;
	fits = compile_filter(&filter, LINKTYPE_EN10MB, &program, &why) == 0;
	ok(fits && attach(&program), "3,000 hosts as the clients of a service: %zu instructions",
	   program.count);
	service_release(&service);
	addrset_release(&specs.set);
	bpf_release(&program);
}

/* Of many hosts more than fit, those of the list all pass, and of all addresses as many as said. */
static void
test_widened(void)
{
	enum { HOSTS = 6000, FIRST = 0x0a000000, SPAN = 1 << 16 };
	struct bpf program = BPF_INIT;
	struct specs specs = {0};
	struct filter filter = {.set = &specs.set};
	struct compile_widening widening;
	unsigned passed = 0, lost = 0, distinct = 0;
	bool fits;

	for (int i = 0; i < HOSTS; i++) {
		uint32_t host = FIRST + below(SPAN);

		addrset_add_interval(&specs.set, 4, (struct interval){host, host}, NULL);
	}
	addrset_seal(&specs.set);
	fits = compile_widened(&filter, LINKTYPE_EN10MB, &program, &widening, NULL) == 0;
	ok(fits && program.count <= BPF_MAX && attach(&program),
	   "%d hosts widened by %s addresses to %zu intervals: %zu instructions", HOSTS,
	   widening.added, widening.intervals, program.count);
	for (uint32_t i = 0; i < SPAN; i++) {
		struct story story = {.linktype = LINKTYPE_EN10MB, .protocol = PROTOCOL_TCP};
		struct frame frame;
		bool in, passes;

		story.source = (struct addr){4, FIRST + i};
		story.destination = (struct addr){4, 1};
		frame_build(&frame, &story);
		in = addrset_has(&specs.set, story.source);
		passes = bpf_run(&program, frame.bytes, frame.size, frame.size) != 0;
		distinct += in;
		passed += passes;
		lost += in && !passes;
	}
	ok(lost == 0, "of %u hosts none is lost", distinct);
	ok(passed - distinct == strtoul(widening.added, NULL, 10),
	   "the %u others that pass are as many as it says", passed - distinct);
	addrset_release(&specs.set);
	bpf_release(&program);
}

int
main(void)
{
	if (!begin_cases())
		return 1;
	test_size();
	test_widened();
	return end_cases();
}
