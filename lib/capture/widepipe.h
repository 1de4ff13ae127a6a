/*
 * A pipe that holds a burst: as large as an unprivileged user may have it.
 */
#ifndef VCAP_WIDEPIPE_H
#define VCAP_WIDEPIPE_H

/* As pipe2(2) with O_CLOEXEC: sets fds to the ends to read and to write. -1 with errno. */
int widepipe_open(int fds[2]);

#endif
