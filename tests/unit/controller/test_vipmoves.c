#include "controller/vipmoves.h"
#include "tap.h"

#include <stdlib.h>

static void
is_noted(const char *state, const char *wanted)
{
	struct service service = SERVICE_INIT;
	struct keyval lines = KEYVAL_INIT;
	struct failure why = FAILURE_INIT;
	char *text;

	service_parse(&service, "shop", "vip 192.0.2.10 tcp/80\nvip 2001:db8::7 tcp/80\n", "f",
		      &why);
	keyval_parse(&lines, state, NULL);
	text = vipmoves_note(&lines, &service);
	is_str(text, wanted, wanted ? wanted : "nothing is noted");
	free(text);
	keyval_release(&lines);
	service_release(&service);
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	is_noted("state running\n", NULL);
	is_noted("change-0 1000.5 came eth1\nchange-1 1001.0 came eth1 192.0.2.11\n", NULL);
	is_noted("change-0 1000.5 came eth1 192.0.2.10\n",
		 "the VIP 192.0.2.10 came at 1970-01-01 00:16:40");
	is_noted("change-1 1000.5 came eth1 192.0.2.10\nchange-0 1060.5 went eth1 192.0.2.10\n"
		 "change-2 1001.5 came eth1 2001:db8::7\n",
		 "the VIP 192.0.2.10 went at 1970-01-01 00:17:40; "
		 "the VIP 2001:db8::7 came at 1970-01-01 00:16:41");
	is_noted("change-1 1060.5 went eth1 192.0.2.10\nchange-0 1000.5 came eth1 192.0.2.10\n",
		 "the VIP 192.0.2.10 went at 1970-01-01 00:17:40");
	is_noted("change-0 x came eth1 192.0.2.10\nchange-1 -5 came eth1 192.0.2.10\n"
		 "change-2 1000.5 flew eth1 192.0.2.10\nchange-3 1000.5 came eth1 192.0.2.x\n"
		 "change-4 1000.5 came\n",
		 NULL);
	return done_testing();
}
