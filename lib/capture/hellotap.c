#include "capture/hellotap.h"

#include "packet/clienthello.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

struct hellotap {
	pthread_mutex_t lock;
	struct clienthello *finder; /* under the lock */
	int fd;
	uint64_t lost; /* likewise */
};

struct hellotap *
hellotap_new(int fd, struct failure *why)
{
	struct hellotap *tap = calloc(1, sizeof(*tap));
	struct siphash_key secret;

	if (!tap || getrandom(&secret, sizeof(secret), 0) != sizeof(secret)) {
		failure_errno(why, "cannot look for TLS sessions");
		free(tap);
		return NULL;
	}
	pthread_mutex_init(&tap->lock, NULL);
	tap->fd = fd;
	tap->finder = clienthello_new(secret, why);
	if (tap->finder)
		return tap;
	free(tap);
	return NULL;
}

void
hellotap_free(struct hellotap *tap)
{
	if (!tap)
		return;
	clienthello_free(tap->finder);
	free(tap);
}

void
hellotap_see(struct hellotap *tap, const struct packet *packet, uint16_t linktype)
{
	unsigned char random[TLSKEY_RANDOM];

	pthread_mutex_lock(&tap->lock);
	/* Shorter than PIPE_BUF: all of it or nothing. */
	if (clienthello_see(tap->finder, packet, linktype, random) &&
	    write(tap->fd, random, sizeof(random)) != sizeof(random))
		tap->lost++;
	pthread_mutex_unlock(&tap->lock);
}

uint64_t
hellotap_lost(struct hellotap *tap)
{
	uint64_t lost;

	pthread_mutex_lock(&tap->lock);
	lost = tap->lost;
	pthread_mutex_unlock(&tap->lock);
	return lost;
}
