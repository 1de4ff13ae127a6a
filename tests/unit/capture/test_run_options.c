/*
 * Which options of vcap-run are accepted, alone and together.
 */
#include "capture/run_options.h"
#include "tap.h"

/* The reason why an option is refused, or "". */
static const char *
set(struct run_options *options, int option, const char *word)
{
	static struct failure why;

	return run_options_set(options, option, word, &why) < 0 ? why.text : "";
}

static void
test_values(void)
{
	struct run_options options = RUN_OPTIONS_INIT;

	is_str(set(&options, 't', "2"), "", "a bare time");
	ok(options.capture.duration_ns == INT64_C(120000000000), "is in minutes");
	is_str(set(&options, 'C', "100"), "a file has at least 64k (100M is 100 MiB): '-C 100'",
	       "a small file size");
	ok(*set(&options, 's', "262145") && *set(&options, 's', "-1"), "a snaplen out of range");
	ok(*set(&options, 'n', "a/b"), "a name with a slash");
	is_str(set(&options, RUN_OPTION_MAX_SIZE, "0"), "size of zero: '--max-size 0'", "no space");
	ok(*set(&options, RUN_OPTION_FLOWS, "nothing"), "an unknown source of pairs");
	ok(*set(&options, RUN_OPTION_SANDBOX, "maybe"), "an unknown sandbox");
	is_str(set(&options, RUN_OPTION_BY, "root:0,ssh:::1"), "", "who asks");
	is_str(options.capture.by, "root:0,ssh:::1", "is kept");
	is_str(set(&options, RUN_OPTION_BY, "a b"), "not a word of who asks: 'a b'",
	       "or is no word");
	is_str(set(&options, RUN_OPTION_AUDIT, "required"), "", "what has to be logged");
	ok(options.session.audit == AUDIT_REQUIRED, "is");
	ok(*set(&options, RUN_OPTION_AUDIT, "maybe"), "or not");
	is_str(set(&options, RUN_OPTION_LEASE, NULL), "", "a lease");
	ok(options.capture.has_lease && options.capture.lease_ns == 0, "without a time");
	is_str(set(&options, RUN_OPTION_LEASE, "3"), "", "a lease with one");
	ok(options.capture.lease_ns == INT64_C(3000000000), "is in seconds");
	ok(!*set(&options, 'i', "eth0") && !*set(&options, 'i', "eth1") &&
	       options.interfaces.count == 2,
	   "interfaces add up");
	strvec_release(&options.interfaces);
}

/* The reason why options do not go together, or "". */
static const char *
check(struct run_options options)
{
	static struct failure why;

	return run_options_check(&options, &why) < 0 ? why.text : "";
}

#define CHECK(...) check((struct run_options){__VA_ARGS__})

static void
test_combinations(void)
{
	char *const filter[] = {"cat", NULL};

	is_str(CHECK(.job = "-"), "missing output: '-w'", "no output");
	is_str(CHECK(.session.path = "d"), "", "a directory");
	is_str(CHECK(.session.path = "-"), "", "a stream");
	is_str(CHECK(.session.path = "d", .capture.files = 2), "'-W' goes with '-C'",
	       "a number of files without a size");
	is_str(CHECK(.session.path = "d", .capture.files = 2, .capture.file_size = 1 << 20), "",
	       "and with one");
	is_str(CHECK(.session.path = "-", .capture.file_size = 1 << 20),
	       "'-C' needs a directory, not a stream", "a stream in files");
	is_str(CHECK(.session = {.path = "-", .detached = true}),
	       "'--detach' needs a directory, not a stream", "a detached stream");
	is_str(CHECK(.session = {.path = "d", .detached = true}, .capture.has_lease = true),
	       "'--lease' and '--detach' exclude each other", "a lease without a holder");
	is_str(CHECK(.session = {.path = "-", .flows = "conntrack"}),
	       "'--flows' goes with a filter or a directory", "pairs without a reader");
	is_str(CHECK(.session = {.path = "d", .flows = "conntrack"}), "", "pairs that are kept");
	is_str(CHECK(.session = {.path = "d", .drops = true}), "", "dropped packets");
	is_str(CHECK(.session = {.path = "-", .drops = true}),
	       "'--drops' needs a directory, not a stream", "not beside a stream");
	is_str(CHECK(.session = {.path = "d", .drops = true}, .capture.rolling_ns = 1), "",
	       "but beside a ring");
	is_str(CHECK(.session = {.path = "d", .flows = "conntrack", .filter = filter}), "",
	       "and with one");
}

int
main(void)
{
	struct run_options stream = {.session.path = "-"};
	struct failure why;

	test_values();
	test_combinations();
	ok(run_options_check(&stream, &why) == 0 && !stream.session.path,
	   "the path of a stream is none");
	return done_testing();
}
