#include "shell/grammar.h"
#include "tap.h"

#include <stdlib.h>

static struct grammar_command
parsed(enum grammar_mode mode, const char *line, struct failure *why)
{
	static struct strvec words; /* the command's value is one of them */
	struct grammar_command command;

	strvec_release(&words);
	grammar_split(line, &words);
	*why = FAILURE_INIT;
	if (grammar_parse(mode, &words, &command, why) < 0)
		command = (struct grammar_command){.verb = GRAMMAR_NOTHING};
	return command;
}

static void
means(enum grammar_mode mode, const char *line, enum grammar_verb verb, enum settings_field field,
      const char *value)
{
	struct failure why;
	struct grammar_command got = parsed(mode, line, &why);

	ok(!why.text[0] && got.verb == verb && got.field == field, "'%.*s' is understood%s%s",
	   (int)strcspn(line, "\r"), line, why.text[0] ? ": " : "", why.text);
	is_str(got.value, value, "... with its value");
}

static void
wrong(enum grammar_mode mode, const char *line, const char *message)
{
	struct failure why;

	parsed(mode, line, &why);
	is_str(why.text, message, line);
}

static void
add_word(void *context, const struct grammar_choice *choice)
{
	strvec_push(context, choice->word);
}

static void
next(enum grammar_mode mode, const char *before, const char *wanted)
{
	struct strvec words = STRVEC_INIT, choices = STRVEC_INIT;
	char *got;

	grammar_split(before, &words);
	grammar_next(mode, words.list, words.count, add_word, &choices);
	got = strvec_join(&choices, " ");
	is_str(got, wanted, before);
	free(got);
	strvec_release(&words);
	strvec_release(&choices);
}

/* Whatever may come next is understood, or leads on: every command of a mode, with some word for
 * each value. */
struct walk {
	enum grammar_mode mode;
	char before[200];
	unsigned sentences, bad;
};

static void walk_from(struct walk *walk);

static void
walk_on(void *context, const struct grammar_choice *choice)
{
	struct walk *walk = context, longer = {.mode = walk->mode};
	struct failure why;

	if (strcmp(choice->word, "<cr>") == 0) {
		struct grammar_command got = parsed(walk->mode, walk->before, &why);

		walk->sentences++;
		walk->bad +=
		    got.verb == GRAMMAR_NOTHING || (strchr(walk->before, '9') && !got.value);
		return;
	}
	if (!choice->help || !*choice->help)
		walk->bad++;
	snprintf(longer.before, sizeof(longer.before), "%.150s%s%.40s", walk->before,
		 *walk->before ? " " : "", choice->word[0] == '<' ? "9" : choice->word);
	walk_from(&longer);
	walk->sentences += longer.sentences;
	walk->bad += longer.bad;
}

static void
walk_from(struct walk *walk)
{
	struct strvec words = STRVEC_INIT;

	grammar_split(walk->before, &words);
	grammar_next(walk->mode, words.list, words.count, walk_on, walk);
	strvec_release(&words);
}

static void
walk_all(enum grammar_mode mode, unsigned least)
{
	struct walk walk = {.mode = mode};
	char *text = NULL;
	size_t size, lines = 0;
	FILE *out;

	walk_from(&walk);
	ok(walk.bad == 0 && walk.sentences >= least, "all %u sentences of '%s' are understood",
	   walk.sentences, grammar_mode_name(mode));
	out = open_memstream(&text, &size);
	grammar_help(mode, out);
	fclose(out);
	for (const char *s = text; *s; s++)
		lines += *s == '\n';
	/* It has `do` as one. */
	ok(mode == GRAMMAR_TOP ? lines == walk.sentences : lines < walk.sentences,
	   "help has them: %zu", lines);
	free(text);
}

static void
test_commands_of_the_top(void)
{
	means(GRAMMAR_TOP, "", GRAMMAR_NOTHING, 0, NULL);
	means(GRAMMAR_TOP, "  # all of it", GRAMMAR_NOTHING, 0, NULL);
	means(GRAMMAR_TOP, "debug virtualservice Test-VS", GRAMMAR_DEBUG, 0, "Test-VS");
	means(GRAMMAR_TOP, "\tdebug  virtualservice Test-VS # so\r\n", GRAMMAR_DEBUG, 0, "Test-VS");
	means(GRAMMAR_TOP, "show virtualservice", GRAMMAR_SHOW_SERVICES, 0, NULL);
	means(GRAMMAR_TOP, "show debug virtualservice a", GRAMMAR_SHOW, 0, "a");
	means(GRAMMAR_TOP, "show debug virtualservice a capture", GRAMMAR_SHOW_CAPTURE, 0, "a");
	means(GRAMMAR_TOP, "show debug virtualservice capture", GRAMMAR_SHOW, 0, "capture");
}

static void
test_commands_of_a_service(void)
{
	means(GRAMMAR_SERVICE, "capture_params duration 5", GRAMMAR_SET, SETTINGS_DURATION, "5");
	means(GRAMMAR_SERVICE, "capture_params num_pkts 1000", GRAMMAR_SET, SETTINGS_COUNT, "1000");
	means(GRAMMAR_SERVICE, "capture_params pkt_size 96", GRAMMAR_SET, SETTINGS_SNAPLEN, "96");
	means(GRAMMAR_SERVICE, "debug_ip", GRAMMAR_ADDRESSES, 0, NULL);
	means(GRAMMAR_SERVICE, "debug_ip addrs 10.10.10.10", GRAMMAR_ADDRESSES, SETTINGS_ADDRS,
	      "10.10.10.10");
	means(GRAMMAR_SERVICE, "debug_ip prefixes 10.0.0.0/8", GRAMMAR_ADDRESSES, SETTINGS_PREFIXES,
	      "10.0.0.0/8");
	means(GRAMMAR_SERVICE, "debug_virtualservice_hm_only", GRAMMAR_SET, SETTINGS_MONITORS,
	      "only");
	means(GRAMMAR_SERVICE, "debug_virtual service_hm_include", GRAMMAR_SET, SETTINGS_MONITORS,
	      "include");
	means(GRAMMAR_SERVICE, "debug_virtual service_hm_none", GRAMMAR_SET, SETTINGS_MONITORS,
	      "none");
	means(GRAMMAR_SERVICE, "no debug_virtual service_hm_only", GRAMMAR_CLEAR, SETTINGS_MONITORS,
	      NULL);
	means(GRAMMAR_SERVICE, "capture", GRAMMAR_SET, SETTINGS_CAPTURE, "True");
	means(GRAMMAR_SERVICE, "no capture", GRAMMAR_CLEAR, SETTINGS_CAPTURE, NULL);
	means(GRAMMAR_SERVICE, "no capture_params", GRAMMAR_CLEAR, SETTINGS_LIMITS, NULL);
	means(GRAMMAR_SERVICE, "no capture_params num_pkts", GRAMMAR_CLEAR, SETTINGS_COUNT, NULL);
	means(GRAMMAR_SERVICE, "no debug_ip prefixes 10.0.0.0/8", GRAMMAR_CLEAR, SETTINGS_PREFIXES,
	      "10.0.0.0/8");
	means(GRAMMAR_SERVICE, "save", GRAMMAR_SAVE, 0, NULL);
	means(GRAMMAR_SERVICE, "do show virtualservice", GRAMMAR_SHOW_SERVICES, 0, NULL);
}

static void
test_commands_of_addresses(void)
{
	means(GRAMMAR_IP, "addrs 10.10.10.10", GRAMMAR_SET, SETTINGS_ADDRS, "10.10.10.10");
	means(GRAMMAR_IP, "ranges 1.1.1.1-1.1.1.9", GRAMMAR_SET, SETTINGS_RANGES,
	      "1.1.1.1-1.1.1.9");
	means(GRAMMAR_IP, "no addrs", GRAMMAR_CLEAR, SETTINGS_ADDRS, NULL);
	means(GRAMMAR_IP, "no addrs 10.10.10.10", GRAMMAR_CLEAR, SETTINGS_ADDRS, "10.10.10.10");
	means(GRAMMAR_IP, "do show debug virtualservice a capture", GRAMMAR_SHOW_CAPTURE, 0, "a");
}

static void
test_invalid_commands(void)
{
	wrong(GRAMMAR_TOP, "deb virtualservice a", "unknown word 'deb'");
	wrong(GRAMMAR_TOP, "DEBUG virtualservice a", "unknown word 'DEBUG'");
	wrong(GRAMMAR_TOP, "debug virtualservice a b",
	      "unknown word 'b' after 'debug virtualservice a'");
	wrong(GRAMMAR_TOP, "show", "'show' needs debug or virtualservice");
	wrong(GRAMMAR_TOP, "debug virtualservice", "'debug virtualservice' needs <name>");
	wrong(GRAMMAR_TOP, "save", "'save' is a command of the mode 'debugvirtualservice'");
	wrong(GRAMMAR_TOP, "addrs 1.1.1.1",
	      "'addrs' is a command of the mode 'debugvirtualservice:debug_ip'");
	wrong(GRAMMAR_TOP, "do show virtualservice",
	      "'do' is a command of the mode 'debugvirtualservice'");
	wrong(GRAMMAR_SERVICE, "show virtualservice",
	      "'show' is a command of the top: 'exit' first, or use 'do'");
	wrong(GRAMMAR_SERVICE, "do exit", "unknown word 'exit' after 'do'");
	wrong(GRAMMAR_SERVICE, "do", "'do' needs show");
	wrong(GRAMMAR_SERVICE, "no save", "unknown word 'save' after 'no'");
	wrong(GRAMMAR_IP, "debug_ip addrs 1.1.1.1",
	      "'debug_ip' is a command of the mode 'debugvirtualservice'");
}

static void
test_next_words(void)
{
	next(GRAMMAR_TOP, "", "debug show where bash help exit");
	next(GRAMMAR_TOP, "show debug virtualservice x", "capture <cr>");
	next(GRAMMAR_TOP, "nonsense", "");
	next(GRAMMAR_TOP, "show debug virtualservice x capture", "<cr>");
	next(GRAMMAR_SERVICE, "capture_params", "duration num_pkts pkt_size rolling");
	next(GRAMMAR_SERVICE, "capture_params duration", "<minutes>");
	next(GRAMMAR_SERVICE, "do show", "debug virtualservice");
	next(GRAMMAR_SERVICE, "debug_ip", "addrs prefixes ranges <cr>");
	next(GRAMMAR_IP, "", "addrs prefixes ranges no save where do bash help exit");
}

static void
test_every_command(void)
{
	walk_all(GRAMMAR_TOP, 7);
	walk_all(GRAMMAR_SERVICE, 30);
	walk_all(GRAMMAR_IP, 14);
}

static void
splits(const char *line, const char *wanted)
{
	struct strvec words = STRVEC_INIT;
	char *got;

	grammar_split(line, &words);
	got = strvec_join(&words, "|");
	is_str(got, wanted, line);
	free(got);
	strvec_release(&words);
}

int
main(void)
{
	splits("debug \"Test-virtual service\" 'a # b'c # d", "debug|Test-virtual service|a # b|c");
	splits("show \"not closed ", "show|not closed ");
	splits("a\"b c\" ''", "a\"b|c\"|");

	test_commands_of_the_top();
	test_commands_of_a_service();
	test_commands_of_addresses();
	test_invalid_commands();
	test_next_words();
	test_every_command();
	return done_testing();
}
