#include "filter/filter_options.h"

#include "filter/specs.h"

static int
parse_linktype(struct selection *selection, const char *word, struct failure *why)
{
	const struct linktype_info *link = linktype_by_name(word);

	if (!link)
		return failure_set(
		    why,
		    "not EN10MB, RAW, LINUX_SLL, LINUX_SLL2, IPV4, IPV6, NULL, LOOP or "
		    "PPP: '%s'",
		    word);
	if (link->kind == LINKTYPE_BY_PARTS)
		return failure_set(why,
				   "the header of %s has parts that only a loop finds, which no "
				   "program has: filter what was captured, with '-r'",
				   link->name);
	selection->linktype = link->linktype;
	return 0;
}

int
filter_options_take(struct filter_options *options, int letter, const char *value,
		    struct failure *why)
{
	struct selection *selection = &options->selection;
	int rc = 0;

	switch (letter) {
	case 'm': rc = service_parse_mode(value, &selection->monitors, why); break;
	case 'P': selection->per_packet = true; break;
	case 'v': options->is_verbose = true; break;
	case 'x': selection->exclude = true; break;
	case 'e': selection->expression = value; break;
	case 'y': rc = parse_linktype(selection, value, why); break;
	case FILTER_OPTION_WIDEN: selection->widen = true; break;
	case 'd': options->dumps++; break;
	case FILTER_OPTION_COMMA: options->comma = true; break;
	case 'r': options->in = value; break;
	case 'w': options->out = value; break;
	case FILTER_OPTION_CUT: options->cuts = selection->may_be_all = true; break;
	case FILTER_OPTION_KEYS: options->keeps_keys = true; break;
	case FILTER_OPTION_MIXED: options->mixes_linktypes = true; break;
	case FILTER_OPTION_SPECS: options->specs = value; break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

int
filter_options_decide(struct filter_options *options, char *const *words, struct failure *why)
{
	static const enum bpf_form forms[] = {BPF_DECIMAL, BPF_LISTING, BPF_C, BPF_DECIMAL};
	struct selection *selection = &options->selection;

	if (options->dumps > 3 || (options->dumps && options->comma))
		return failure_set(why, "'-d', '-dd', '-ddd' and '--comma' exclude each other");
	if (!options->in != !options->out)
		return failure_set(why, "'-r' and '-w' go together");
	if ((options->mixes_linktypes || options->cuts || options->keeps_keys) && !options->in)
		return failure_set(why, "'%s' is for a capture file, with '-r' and '-w'",
				   options->cuts         ? "--cut"
				   : options->keeps_keys ? "--keys"
							 : "--mixed");
	if (options->cuts && options->keeps_keys)
		return failure_set(why, "'--keys' and '--cut' exclude each other: without payload "
					"there is nothing to open");
	if (selection->widen && selection->exclude)
		return failure_set(
		    why, "'--widen' and '-x' exclude each other: a wider set lets less through");
	options->form = options->comma ? BPF_COMMA : forms[options->dumps];
	selection->from_file = options->in != NULL;
	if (specs_add(&selection->set, options->specs, words, options->in, &selection->has_specs,
		      why) < 0)
		return -1;
	return selection_decide(selection, why);
}
