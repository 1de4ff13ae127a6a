#include "base/strvec.h"
#include "controller/params.h"
#include "tap.h"

#include <stdlib.h>

/* The words of argv with '|' between them, in a buffer of this function's. */
static const char *
joined(char **argv)
{
	static char text[1024];

	*text = '\0';
	for (char **word = argv; *word; word++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 word == argv ? "" : "|", *word);
	strvec_free(argv);
	return text;
}

static void
jobs(void)
{
	char *const specs[] = {"10.0.0.1", "-", NULL};
	struct params params = {.service_text = "vip 192.0.2.10\n\n\nengine a",
				.filter = "1\n6 0 0 1\n",
				.specs = specs,
				.input = "192.0.2.1 # x\n192.0.2.2"};
	char *text = params_job(&params);

	is_str(text, "1\n6 0 0 1\n\nvip 192.0.2.10\nengine a\n\n10.0.0.1\n192.0.2.1\n192.0.2.2\n\n",
	       "a job: three parts, each ended by an empty line");
	free(text);
}

static void
chosen_engines(void)
{
	struct service service;
	struct engines known;
	struct failure why = FAILURE_INIT;

	service_parse(&service, "shop", "vip 192.0.2.10\nengine a\nengine b\nengine c\n", "f",
		      &why);
	engines_parse(&known, "a local\nb local\n", "f", &why);
	is_str(joined(params_engines(&service, &known, "b,a,b", &why)), "a|b",
	       "in the service's order");
	ok(!params_engines(&service, &known, NULL, &why), "an engine that is not configured");
	is_str(why.text, "unknown engine 'c'", "... and the reason names it");
	ok(!params_engines(&service, &known, "a,d", &why), "an engine that is not the service's");
	is_str(why.text, "service 'shop' has no engine 'd'", "... and the reason names it");
	ok(!params_engines(&service, &known, "", &why), "an empty list of engines");
	service_release(&service);
	engines_release(&known);
}

int
main(void)
{
	jobs();
	chosen_engines();
	return done_testing();
}
