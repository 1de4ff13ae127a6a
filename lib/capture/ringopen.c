/*
 * To open a ring is to wait, several times, until every CPU of the kernel has passed a point where
 * it could still have used the socket as it was (RCU). The waiting is the same for one ring as for a
 * hundred that wait at the same time, and takes no processor.
 */
#include "capture/ringopen.h"

#include <pthread.h>

#define THREADS_MAX 64

struct ringopen {
	struct ringopen_order *orders;
	size_t count;
	size_t next; /* the next order to be taken; atomic */
	struct ring_geometry geometry;
	pthread_mutex_t lock;
	struct failure *why; /* under the lock */
	int rc;              /* under the lock */
};

static void *
open_some(void *arg)
{
	struct ringopen *all = arg;
	struct failure why;
	size_t i;

	while ((i = __atomic_fetch_add(&all->next, 1, __ATOMIC_RELAXED)) < all->count) {
		if (ring_open(all->orders[i].ring, &all->orders[i].where, all->geometry, &why) == 0)
			continue;
		pthread_mutex_lock(&all->lock);
		/* The first failure is told; the others likely are the same. */
		if (all->rc == 0)
			*all->why = why;
		all->rc = -1;
		pthread_mutex_unlock(&all->lock);
		break;
	}
	return NULL;
}

int
ringopen_all(struct ringopen_order *orders, size_t count, struct ring_geometry geometry,
	     struct failure *why)
{
	struct ringopen all = {
	    .orders = orders,
	    .count = count,
	    .geometry = geometry,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .why = why,
	};
	pthread_t threads[THREADS_MAX];
	size_t started = 0;

	/* Without another thread this one does the work alone. */
	while (started < THREADS_MAX && started + 1 < count &&
	       pthread_create(&threads[started], NULL, open_some, &all) == 0)
		started++;
	open_some(&all);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return all.rc;
}
