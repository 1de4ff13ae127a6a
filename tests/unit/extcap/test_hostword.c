/* Capture filters that are only an address. */
#include "tap.h"

#include "extcap/hostword.h"

static void
takes(const char *filter, const char *wanted)
{
	char spec[HOSTWORD_ROOM] = "";

	ok(hostword_read(spec, filter), "an address: '%s'", filter);
	is_str(spec, wanted, filter);
}

static void
leaves(const char *filter)
{
	char spec[HOSTWORD_ROOM] = "unchanged";

	ok(!hostword_read(spec, filter) && strcmp(spec, "unchanged") == 0, "no address: '%s'",
	   filter);
}

int
main(void)
{
	static const char *const expressions[] = {"",
						  "  ",
						  "host",
						  "net",
						  "host lb1",
						  "host 10.1",
						  "host 10.0.0.0/8",
						  "src host 10.1.1.1",
						  "host 10.1.1.1 or host 10.1.1.2",
						  "not host 10.1.1.1",
						  "tcp port 80",
						  "10.1.1.1 and tcp",
						  "net 10.1.",
						  "net 10.256",
						  "net 10.1.1.1.1",
						  "net 10.1 mask 255.255.0.0",
						  "host 10.1.1.1)",
						  "net 1x"};
	char longest[1000];

	takes("host 10.1.1.1", "10.1.1.1");
	takes(" \thost  2001:db8::1 ", "2001:db8::1");
	takes("10.1.1.1", "10.1.1.1");
	takes("10.2.0.0/16", "10.2.0.0/16");
	takes("10.1.1.1-10.1.1.9", "10.1.1.1-10.1.1.9");
	takes("net 10", "10.0.0.0/8");
	takes("net 10.2", "10.2.0.0/16");
	takes("net 10.2.3", "10.2.3.0/24");
	takes("net 10.2.3.4", "10.2.3.4");
	takes("net 10.2.0.0/16", "10.2.0.0/16");
	takes("net 2001:db8::/32", "2001:db8::/32");
	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++)
		leaves(expressions[i]);
	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	leaves(longest);
	return done_testing();
}
