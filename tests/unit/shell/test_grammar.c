#include "shell/grammar.h"
#include "tap.h"

#include <stdlib.h>

static struct sentence
parsed(enum grammar_mode mode, const char *line, struct failure *why)
{
	static struct strvec words; /* the sentence's value is one of them */
	struct sentence sentence;

	strvec_release(&words);
	grammar_split(line, &words);
	*why = FAILURE_INIT;
	if (grammar_parse(mode, &words, &sentence, why) < 0)
		sentence = (struct sentence){.verb = GRAMMAR_NOTHING};
	return sentence;
}

static void
means(enum grammar_mode mode, const char *line, enum grammar_verb verb, enum settings_field field,
      const char *value)
{
	struct failure why;
	struct sentence got = parsed(mode, line, &why);

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

/* Whatever may come next is understood, or leads on: every sentence of a mode, with some word for
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
		struct sentence got = parsed(walk->mode, walk->before, &why);

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

int
main(void)
{
	const enum grammar_mode top = GRAMMAR_TOP, service = GRAMMAR_SERVICE, ip = GRAMMAR_IP;

	means(top, "", GRAMMAR_NOTHING, 0, NULL);
	means(top, "  # all of it", GRAMMAR_NOTHING, 0, NULL);
	means(top, "debug virtualservice Test-VS", GRAMMAR_DEBUG, 0, "Test-VS");
	means(top, "\tdebug  virtualservice Test-VS # so\r\n", GRAMMAR_DEBUG, 0, "Test-VS");
	means(top, "show virtualservice", GRAMMAR_SHOW_SERVICES, 0, NULL);
	means(top, "show debug virtualservice a", GRAMMAR_SHOW, 0, "a");
	means(top, "show debug virtualservice a capture", GRAMMAR_SHOW_CAPTURE, 0, "a");
	means(top, "show debug virtualservice capture", GRAMMAR_SHOW, 0, "capture");
	means(service, "capture_params duration 5", GRAMMAR_SET, SETTINGS_DURATION, "5");
	means(service, "capture_params num_pkts 1000", GRAMMAR_SET, SETTINGS_COUNT, "1000");
	means(service, "capture_params pkt_size 96", GRAMMAR_SET, SETTINGS_SNAPLEN, "96");
	means(service, "debug_ip", GRAMMAR_ADDRESSES, 0, NULL);
	means(service, "debug_ip addrs 10.10.10.10", GRAMMAR_ADDRESSES, SETTINGS_ADDRS,
	      "10.10.10.10");
	means(service, "debug_ip prefixes 10.0.0.0/8", GRAMMAR_ADDRESSES, SETTINGS_PREFIXES,
	      "10.0.0.0/8");
	means(ip, "addrs 10.10.10.10", GRAMMAR_SET, SETTINGS_ADDRS, "10.10.10.10");
	means(ip, "ranges 1.1.1.1-1.1.1.9", GRAMMAR_SET, SETTINGS_RANGES, "1.1.1.1-1.1.1.9");
	means(ip, "no addrs", GRAMMAR_CLEAR, SETTINGS_ADDRS, NULL);
	means(ip, "no addrs 10.10.10.10", GRAMMAR_CLEAR, SETTINGS_ADDRS, "10.10.10.10");
	means(service, "debug_virtualservice_hm_only", GRAMMAR_SET, SETTINGS_MONITORS, "only");
	means(service, "debug_virtual service_hm_include", GRAMMAR_SET, SETTINGS_MONITORS,
	      "include");
	means(service, "debug_virtual service_hm_none", GRAMMAR_SET, SETTINGS_MONITORS, "none");
	means(service, "no debug_virtual service_hm_only", GRAMMAR_CLEAR, SETTINGS_MONITORS, NULL);
	means(service, "capture", GRAMMAR_SET, SETTINGS_CAPTURE, "True");
	means(service, "no capture", GRAMMAR_CLEAR, SETTINGS_CAPTURE, NULL);
	means(service, "no capture_params", GRAMMAR_CLEAR, SETTINGS_LIMITS, NULL);
	means(service, "no capture_params num_pkts", GRAMMAR_CLEAR, SETTINGS_COUNT, NULL);
	means(service, "no debug_ip prefixes 10.0.0.0/8", GRAMMAR_CLEAR, SETTINGS_PREFIXES,
	      "10.0.0.0/8");
	means(service, "save", GRAMMAR_SAVE, 0, NULL);
	means(ip, "do show debug virtualservice a capture", GRAMMAR_SHOW_CAPTURE, 0, "a");
	means(service, "do show virtualservice", GRAMMAR_SHOW_SERVICES, 0, NULL);

	wrong(top, "deb virtualservice a", "unknown word 'deb'");
	wrong(top, "DEBUG virtualservice a", "unknown word 'DEBUG'");
	wrong(top, "debug virtualservice a b", "unknown word 'b' after 'debug virtualservice a'");
	wrong(top, "show", "after 'show' comes debug or virtualservice");
	wrong(top, "debug virtualservice", "after 'debug virtualservice' comes <name>");
	wrong(top, "save", "'save' is for the mode 'debugvirtualservice'");
	wrong(top, "addrs 1.1.1.1", "'addrs' is for the mode 'debugvirtualservice:debug_ip'");
	wrong(top, "do show virtualservice", "'do' is for the mode 'debugvirtualservice'");
	wrong(service, "show virtualservice", "'show' is for the top: exit first, or try 'do'");
	wrong(service, "do exit", "unknown word 'exit' after 'do'");
	wrong(service, "do", "after 'do' comes show");
	wrong(service, "no save", "unknown word 'save' after 'no'");
	wrong(ip, "debug_ip addrs 1.1.1.1", "'debug_ip' is for the mode 'debugvirtualservice'");

	next(top, "", "debug show where help exit");
	next(top, "show debug virtualservice x", "capture <cr>");
	next(top, "nonsense", "");
	next(top, "show debug virtualservice x capture", "<cr>");
	next(service, "capture_params", "duration num_pkts pkt_size");
	next(service, "capture_params duration", "<minutes>");
	next(service, "do show", "debug virtualservice");
	next(service, "debug_ip", "addrs prefixes ranges <cr>");
	next(ip, "", "addrs prefixes ranges no save where do help exit");

	walk_all(top, 7);
	walk_all(service, 30);
	walk_all(ip, 14);
	return done_testing();
}
