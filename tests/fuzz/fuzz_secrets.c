/* TLS keys in a capture: a copy with those of its sessions has them, and a copy of that has the same. The input is
 * what follows the type of the first block. */
#include "capfile/copy.h"
#include "capture.h"

static bool
takes_all(void *context, const struct packet *packet, uint16_t linktype)
{
	(void)context, (void)packet, (void)linktype;
	return true;
}

/* Copies the file, which it closes, into another. Sets *keyed to how many of its sessions have keys. */
static enum copy_outcome
copied(int from, int to, uint64_t *keyed)
{
	struct failure why;
	struct secrets secrets = SECRETS_INIT;
	const int twice = dup(from);
	struct reader *first = reader_open_fd(twice, "capture", &why);
	struct reader *in = first ? reader_open_fd(from, "capture", &why) : NULL;
	struct copy copy = {.in = in, .judge = takes_all};
	enum copy_outcome outcome = COPY_FAILED;

	if (!first)
		close(twice);
	if (!in)
		close(from);
	if (in && copy_find_secrets(&copy, first, &secrets, &why) == 0) {
		*keyed = sessionkeys_count(secrets.sessions).keyed;
		copy.secrets = &secrets;
		copy.out = writer_new(to, reader_format(in), &why);
		must(copy.out);
		outcome = copy_packets(&copy, &why);
		writer_free(copy.out);
	}
	secrets_release(&secrets);
	reader_close(first);
	reader_close(in);
	return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = malloc(size + 4);
	const int once = memfd_create("once", MFD_CLOEXEC),
		  twice = memfd_create("twice", MFD_CLOEXEC);
	uint64_t keyed = 0, again = 0;

	must(file && once >= 0 && twice >= 0);
	memcpy(file, "\x0a\x0d\x0d\x0a", 4);
	if (size)
		memcpy(file + 4, data, size);
	if (copied(file_of(file, size + 4), once, &keyed) == COPY_DONE) {
		must(lseek(once, 0, SEEK_SET) == 0);
		must(copied(once, twice, &again) == COPY_DONE);
		must(again == keyed);
	} else {
		close(once);
	}
	close(twice);
	free(file);
	return 0;
}
