#include "flows/keystore.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LINGER_NS NS_PER_SECOND

/* How often to look after what has waited too long. */
#define TICK_MS 1000

static void
take_key(void *context, const struct tlskey *key)
{
	struct keystore *store = context;
	char line[TLSKEY_LINE];

	if (store->keeps) {
		keykeep_key(&store->keep, key, clock_monotonic_ns());
		return;
	}
	tlskey_print(key, line);
	fputs(line, store->out);
	explicit_bzero(line, sizeof(line));
}

int
keystore_open(struct keystore *store, FILE *out, const char *reserve, int64_t rolling_ns,
	      struct failure *why)
{
	*store = (struct keystore){.out = out, .keep = KEYKEEP_INIT, .keeps = reserve != NULL};
	store->feed = (struct keyfeed){.report = take_key, .context = store};
	store->keep.rolling_ns = rolling_ns;
	if (!reserve)
		return 0;
	if (fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK) < 0)
		return failure_errno(why, "cannot read standard input");
	signal(SIGPIPE, SIG_IGN);
	return keykeep_open(&store->keep, reserve, clock_monotonic_ns(), why);
}

int
keystore_read(struct keystore *store, const struct pairsource_spec *spec, const char *ring,
	      struct failure *why)
{
	store->source = keyfeed_open(&store->feed, spec, ring, why);
	return store->source ? 0 : -1;
}

void
keystore_release(struct keystore *store)
{
	if (store->source)
		store->source->close(store->source);
	keyfeed_release(&store->feed);
	keykeep_release(&store->keep);
}

/* Reads the randoms that have come. */
static void
read_hellos(struct keystore *store)
{
	unsigned char bytes[128 * TLSKEY_RANDOM];
	ssize_t size;

	while ((size = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < size; i++) {
			store->hello[store->hello_size++] = bytes[i];
			if (store->hello_size < TLSKEY_RANDOM)
				continue;
			keykeep_hello(&store->keep, store->hello);
			store->hello_size = 0;
		}
	if (store->is_ending || (size < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	store->is_ending = true;
	store->end_ns = clock_monotonic_ns() + LINGER_NS;
}

/* Waits for the source, and for hellos or for the reader of what is printed to go. 1; 0: it has; -1. */
static int
wait_for_news(struct keystore *store, struct failure *why)
{
	struct pairsource *source = store->source;
	struct pollfd fds[PAIRSOURCE_FDS + 1];
	int timeout = source->timeout_ms;

	if (!store->keeps)
		return pairsource_wait(source, fileno(store->out), why);
	if (store->is_ending)
		timeout = pairsource_ms_until(store->end_ns, clock_monotonic_ns());
	if (timeout < 0 || timeout > TICK_MS)
		timeout = TICK_MS;
	memcpy(fds, source->fds, sizeof(source->fds));
	fds[PAIRSOURCE_FDS] =
	    (struct pollfd){.fd = store->is_ending ? -1 : STDIN_FILENO, .events = POLLIN};
	if (poll(fds, PAIRSOURCE_FDS + 1, timeout) < 0 && errno != EINTR)
		return failure_errno(why, "cannot wait for keys");
	memcpy(source->fds, fds, sizeof(source->fds));
	return 1;
}

/* One turn. 1; 0: it is over; -1: it failed. */
static int
turn(struct keystore *store, void (*tell)(const char *line), struct failure *why)
{
	struct pairsource *source = store->source;
	int rc = wait_for_news(store, why);

	if (rc <= 0)
		return rc;
	/* Hellos first: the keys of those that are there already need not wait. */
	if (store->keeps && !store->is_ending)
		read_hellos(store);
	rc = source->read(source, why);
	if (*source->note.text)
		tell(source->note.text);
	source->note = FAILURE_INIT;
	if (store->keeps && source->is_current && !store->has_told) {
		fputs(KEYSTORE_READY "\n", store->out);
		store->has_told = true;
	}
	if (fflush(store->out) != 0 && !store->keeps)
		return errno == EPIPE ? 0 : failure_errno(why, "cannot write to standard output");
	if (!store->keeps || rc < 0)
		return rc;
	keykeep_tick(&store->keep, clock_monotonic_ns());
	return !store->is_ending || clock_monotonic_ns() < store->end_ns;
}

int
keystore_run(struct keystore *store, void (*tell)(const char *line), struct failure *why)
{
	int rc;

	do
		rc = turn(store, tell, why);
	while (rc > 0);
	return rc;
}
