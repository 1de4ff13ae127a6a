/* Labels from names and back. */
#include "merge/label.h"

#include "tap.h"

#include <stdlib.h>

static char *
label_text(const char *name, const char *description, const struct label_hint *hint)
{
	const struct interface interface = {.name = (char *)name,
					    .description = (char *)description};
	struct label label;
	char *text;

	if (label_of(&label, &interface, hint) < 0)
		abort();
	text = label_format(&label, label.side);
	label_release(&label);
	return text;
}

static void
is_label(const char *name, const char *description, const struct label_hint *hint,
	 const char *wanted, const char *what)
{
	const struct label_hint other = {.from_vcap = true, .fallback = "another"};
	char *text = label_text(name, description, hint);
	char *again = label_text(text, "lb3", &other);

	is_str(text, wanted, what);
	is_str(again, wanted, "... and stays so, whatever the next input is called");
	free(text);
	free(again);
}

static void
engines(void)
{
	const struct label_hint named = {.engine = "lb1", .from_vcap = true, .fallback = "file"};
	const struct label_hint ours = {.from_vcap = true, .fallback = "file"};
	const struct label_hint foreign = {.fallback = "file"};

	is_label("eth0", "lb2", &named, "lb1/eth0", "the name of the input comes first");
	is_label("eth0", "lb2", &ours, "lb2/eth0", "then the description, in a file of vcap's");
	is_label("eth0", "not a name", &ours, "file/eth0", "... if it can name an engine");
	is_label("eth0", "lb2", &foreign, "file/eth0", "then the name of the file");
	is_label(NULL, NULL, &foreign, "file/-", "no name");
	is_label("", NULL, &foreign, "file/-", "an empty name");
	is_label("/dev/x", NULL, &foreign, "file/-", "a name with a slash that is no label");
	is_label("lb9/eth0", NULL, &ours, "lb9/eth0", "a label");
	is_label("lb9/eth0/client", NULL, &foreign, "lb9/eth0/client", "a label with a side");
}

static void
what_is_sent_is_its_senders(void)
{
	const struct label_hint named = {.engine = "lb1", .from_vcap = true, .fallback = "file"};
	const struct label_hint region = {.engine = "west",
					  .is_region = true,
					  .strangers =
					      (char *[]){(char *)"lb1", (char *)"west", NULL}};

	is_label("lb1/eth0", NULL, &named, "lb1/eth0", "an engine's own label");
	is_label("lb9/eth0", "lb9", &named, "lb1/lb9%2Feth0", "another engine's is but a name");
	is_label("lb1/eth0/client", NULL, &named, "lb1/eth0%2Fclient", "an engine knows no side");
	is_label("lb9/eth0/client", NULL, &named, "lb1/lb9%2Feth0%2Fclient", "... of others");
	is_label("lb1/a//b/", NULL, &named, "lb1/a%2F%2Fb%2F", "whatever it is");
	is_label("lb/eth0", NULL, &named, "lb1/lb%2Feth0", "the beginning of a name");
	is_label("lb9/eth0/client", NULL, &region, "lb9/eth0/client", "a region's engines");
	is_label("lb9/eth0", NULL, &region, "lb9/eth0", "... without a side");
	is_label("west/eth0", NULL, &region, "west/eth0", "... and itself");
	is_label("lb1/eth0/client", NULL, &region, "west/lb1%2Feth0/client",
		 "a region's engine of a name that is known here");
	is_label("lb1/eth0", NULL, &region, "west/lb1%2Feth0", "... without a side");
	is_label("eth0", NULL, &region, "west/eth0", "a name that is no label");
}

static void
parts(void)
{
	const struct interface interface = {.name = (char *)"lb9/eth0/client"};
	const struct label_hint hint = {.engine = "lb1", .is_region = true};
	struct label label;
	char *text;

	label_of(&label, &interface, &hint);
	is_str(label.engine, "lb9", "the engine");
	is_str(label.iface, "eth0", "the interface");
	is_str(label.side, "client", "the side");
	is_str(label.via, "lb1", "the input that it came by");
	text = label_format(&label, NULL);
	is_str(text, "lb9/eth0", "without its side");
	free(text);
	label_release(&label);
}

int
main(void)
{
	engines();
	what_is_sent_is_its_senders();
	parts();
	return done_testing();
}
