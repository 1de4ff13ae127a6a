#include "packet/ipproto.h"
#include "tap.h"

static void
names_to_numbers(void)
{
	ok(ipproto_number("tcp", 3) == 6, "tcp");
	ok(ipproto_number("udp", 3) == 17, "udp");
	ok(ipproto_number("sctp/80", 4) == 132, "sctp, the beginning of a word");
	ok(ipproto_number("icmp", 4) == 0, "a protocol that no service has");
	ok(ipproto_number("tc", 2) == 0 && ipproto_number("tcp4", 4) == 0,
	   "a shorter, a longer word");
	ok(ipproto_number("TCP", 3) == 0, "capital letters");
}

static void
numbers_to_names(void)
{
	is_str(ipproto_name(6), "tcp", "6");
	is_str(ipproto_name(17), "udp", "17");
	is_str(ipproto_name(132), "sctp", "132");
	is_str(ipproto_name(1), NULL, "1: ICMP has no name");
	is_str(ipproto_name(0), NULL, "0: any");
}

int
main(void)
{
	names_to_numbers();
	numbers_to_names();
	return done_testing();
}
