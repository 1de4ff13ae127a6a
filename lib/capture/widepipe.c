#include "capture/widepipe.h"

#include <fcntl.h>
#include <unistd.h>

/* The default of /proc/sys/fs/pipe-max-size. */
#define PIPE_SIZE (1 << 20)

int
widepipe_open(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	/* If the kernel refuses, the pipe keeps its 64 KiB. */
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}
