/*
 * Least keys by construction: a key gets to the disk only by the client random of a hello that is in the capture,
 * whatever else the source tells. Of a rolling capture each of two files takes the keys of one period, in
 * turns, so that there are always those of the last one.
 */
#include "flows/keykeep.h"

#include "base/diskquota.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/siphash.h"
#include "flows/keywait.h"
#include "flows/pairout.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Hellos that are remembered: a key of a long connection may come late. */
#define HELLOS_MOST (1u << 18)

static int
check_file(int fd, struct failure *why)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY
		   ? 0
		   : failure_set(why, "cannot keep keys on descriptor %d", fd);
}

int
keykeep_open(struct keykeep *keep, const char *reserve, int64_t now_ns, struct failure *why)
{
	const bool is_default = strcmp(reserve, PAIROUT_RESERVE) == 0;
	struct siphash_key secret;

	if (!is_default && parse_size(reserve, &keep->reserve, why) < 0)
		return -1;
	if (check_file(KEYKEEP_FD, why) < 0 ||
	    (keep->rolling_ns && check_file(KEYKEEP_OLD, why) < 0))
		return -1;
	if (siphash_draw_key(&secret, why) < 0)
		return -1;
	keep->waiting = keywait_new(KEYKEEP_WAITING, secret, why);
	if (!keep->waiting)
		return -1;
	keep->hellos = HELLOSET_INIT(secret, HELLOS_MOST);
	keep->fd = KEYKEEP_FD;
	keep->old = keep->rolling_ns ? KEYKEEP_OLD : -1;
	keep->begun_ns = now_ns;
	if (is_default)
		keep->reserve = diskquota_default_reserve(KEYKEEP_FD);
	return 0;
}

void
keykeep_release(struct keykeep *keep)
{
	helloset_release(&keep->hellos);
	keywait_free(keep->waiting);
	*keep = KEYKEEP_INIT;
}

/* The file ends, with a line that says so, when it is large or the disk reaches its reserve. */
static void
write_key(void *context, const struct tlskey *key)
{
	static const char end[] = "# what came later is not kept\n";
	struct keykeep *keep = context;
	char line[TLSKEY_LINE];
	const size_t length = tlskey_print(key, line);

	if (!keep->is_full && (lseek(keep->fd, 0, SEEK_END) >= KEYKEEP_MOST ||
			       diskquota_free_bytes(keep->fd) <= keep->reserve ||
			       fileio_write_all(keep->fd, line, length) < 0)) {
		keep->is_full = true;
		(void)fileio_write_all(keep->fd, end, sizeof(end) - 1);
	}
	explicit_bzero(line, sizeof(line));
}

void
keykeep_hello(struct keykeep *keep, const unsigned char random[TLSKEY_RANDOM])
{
	/* Without memory it is forgotten, and so is its key. */
	(void)helloset_add(&keep->hellos, random);
	keywait_take(keep->waiting, random, write_key, keep);
}

void
keykeep_key(struct keykeep *keep, const struct tlskey *key, int64_t now_ns)
{
	if (helloset_find(&keep->hellos, key->random))
		write_key(keep, key);
	else
		keywait_add(keep->waiting, key, now_ns);
}

void
keykeep_tick(struct keykeep *keep, int64_t now_ns)
{
	int other;

	keywait_expire(keep->waiting, now_ns - KEYKEEP_WAIT_NS);
	if (!keep->rolling_ns || now_ns - keep->begun_ns < keep->rolling_ns)
		return;
	other = keep->old;
	keep->old = keep->fd;
	keep->fd = other;
	keep->begun_ns = now_ns;
	keep->is_full = ftruncate(other, 0) < 0;
	lseek(other, 0, SEEK_SET);
}
