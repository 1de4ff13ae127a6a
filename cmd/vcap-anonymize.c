/*
 * vcap-anonymize: a capture without payload and with other addresses, to be given away.
 */
#include "base/fileio.h"
#include "base/outfile.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "capfile/anonymize.h"
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-anonymize",
    .says = "Copies a capture without payload, with other addresses in place of all.",
    .examples = "vcap anonymize -k key -w away.pcapng shop.pcapng\n",
    .synopsis = "-k key [-F format] [-w out] file | -",
    .options = "  -F, --format format  pcapng (the default) or pcap\n"
	       "  -k, --key key        a file of 64 hex digits, which only its owner may read:\n"
	       "                       (umask 077; openssl rand -hex 32 >key)\n"
	       "  -w, --write out      write to this file (standard output)\n",
};

struct options {
	const char *key, *out, *in;
	enum format format;
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"format", required_argument, NULL, 'F'},
					      {"key", required_argument, NULL, 'k'},
					      {"write", required_argument, NULL, 'w'},
					      CLI_OPTIONS};
	struct options options = {.out = "-", .format = FORMAT_PCAPNG};
	int opt;

	while ((opt = getopt_long(argc, argv, ":F:k:w:", known, NULL)) != -1)
		switch (opt) {
		case 'F':
			options.format = strcmp(optarg, "pcap") == 0 ? FORMAT_PCAP : FORMAT_PCAPNG;
			if (options.format == FORMAT_PCAPNG && strcmp(optarg, "pcapng") != 0)
				die_usage("unknown format '%s' (pcapng or pcap)", optarg);
			break;
		case 'k': options.key = optarg; break;
		case 'w': options.out = optarg; break;
		default: cli_option(opt, argv);
		}
	if (!options.key)
		die_usage("needs a key: '-k file' (try --help)");
	if (optind + 1 != argc)
		die_usage(optind == argc ? "no file given (try --help)"
					 : "more than one file given");
	options.in = argv[optind];
	return options;
}

static int
digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Whoever has the key can find the addresses again. */
static void
read_key(const char *path, unsigned char key[PSEUDONYM_KEY])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct failure why;
	struct stat st;
	char *text;
	size_t size;

	if (fd < 0 || fstat(fd, &st) < 0)
		die("cannot read '%s': %s (make one: umask 077; openssl rand -hex 32 >%s)", path,
		    strerror(errno), path);
	if (S_ISREG(st.st_mode) && st.st_mode & 077)
		die("others may read the key '%s' (chmod 600)", path);
	if (fileio_slurp(fd, 4096, path, &text, &size, &why) < 0)
		die("%s", why.text);
	close(fd);
	if (strspn(text, "0123456789abcdefABCDEF") != 2 * PSEUDONYM_KEY ||
	    text[2 * PSEUDONYM_KEY + strspn(text + 2 * PSEUDONYM_KEY, " \r\n")])
		die("'%s' is no key of 64 hex digits", path);
	for (int i = 0; i < PSEUDONYM_KEY; i++)
		key[i] = (unsigned char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	explicit_bzero(text, size);
	free(text);
}

/* Before what an engine may have sent is read. */
static void
confine(const struct outfile *out)
{
	struct failure why;

	if (priv_drop_all(&why) < 0 ||
	    sandbox_confine_files(SANDBOX_ENFORCE, out->dirfd, NULL, &why) < 0 ||
	    sandbox_confine_calls(SANDBOX_ENFORCE, SANDBOX_CALLS_OUTPUT, SANDBOX_OPENS_NONE, &why) <
		0)
		die("%s", why.text);
}

int
main(int argc, char **argv)
{
	unsigned char key[PSEUDONYM_KEY];
	static struct outfile out = OUTFILE_INIT;
	enum anonymize_outcome outcome;
	struct pseudonyms *pseudonyms;
	struct options options;
	struct reader *in;
	struct writer *writer;
	struct failure why;

	cli_start(&self);
	options = parse_options(argc, argv);
	cli_stream_to(options.out);
	read_key(options.key, key);
	pseudonyms = pseudonyms_new(key, &why);
	explicit_bzero(key, sizeof(key));
	if (!pseudonyms || !(in = reader_open_unread(options.in, READER_LINKS, &why)) ||
	    outfile_spare(options.in, options.out, &why) < 0 ||
	    outfile_open(&out, options.out, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(out.temporary);
	confine(&out);
	if (reader_begin(in, &why) < 0 || !(writer = writer_new(out.fd, options.format, &why)) ||
	    (outcome = anonymize_copy(in, writer, pseudonyms, &why)) == ANONYMIZE_FAILED)
		die("%s", why.text);
	if (outcome == ANONYMIZE_CUT)
		warn("%s", why.text);
	writer_free(writer);
	reader_close(in);
	pseudonyms_free(pseudonyms);
	if (outfile_commit(&out, &why) < 0)
		die("%s", why.text);
	return outcome == ANONYMIZE_CUT ? EXIT_PARTIAL : EXIT_DONE;
}
