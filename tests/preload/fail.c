/*
 * fail.so, for LD_PRELOAD: the FAIL_AT-th call of FAIL_CALL fails, once. FAIL_CALL is write, fsync,
 * rename, open, mmap or malloc (with calloc and realloc); calls that libc makes for itself count
 * for malloc only. The file FAIL_STRUCK, if that is set, says x when the call has failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What glibc's own allocator is called besides */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static const char *victim;
static long calls_left;
static char *mark; /* A byte of the file FAIL_STRUCK */

/* By system calls that are not counted; later a process may be confined to fewer. */
static void
map_mark(const char *path)
{
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	long map;

	if (fd < 0)
		return;
	if (ftruncate(fd, 1) == 0) {
		map = syscall(SYS_mmap, NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		mark = map == -1 ? NULL : (char *)map;
	}
	close(fd);
}

__attribute__((constructor)) static void
aim(void)
{
	const char *at = getenv("FAIL_AT");
	const char *struck = getenv("FAIL_STRUCK");

	victim = getenv("FAIL_CALL");
	calls_left = at ? atol(at) : 0;
	if (struck)
		map_mark(struck);
}

static bool
strikes(const char *call, int error)
{
	if (!victim || strcmp(victim, call) != 0 ||
	    __atomic_sub_fetch(&calls_left, 1, __ATOMIC_RELAXED) != 0)
		return false;
	if (mark)
		*mark = 'x';
	errno = error;
	return true;
}

void *
malloc(size_t size)
{
	return strikes("malloc", ENOMEM) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return strikes("malloc", ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return strikes("malloc", ENOMEM) ? NULL : __libc_realloc(old, size);
}

ssize_t
write(int fd, const void *from, size_t size)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (!next)
		next = dlsym(RTLD_NEXT, "write");
	return strikes("write", EIO) ? -1 : next(fd, from, size);
}

int
fsync(int fd)
{
	static int (*next)(int);

	if (!next)
		next = dlsym(RTLD_NEXT, "fsync");
	return strikes("fsync", EIO) ? -1 : next(fd);
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	static int (*next)(int, const char *, int, const char *, unsigned);

	if (!next)
		next = dlsym(RTLD_NEXT, "renameat2");
	return strikes("rename", EIO) ? -1 : next(from_dir, from, to_dir, to, flags);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	static int (*next)(int, const char *, int, const char *);

	if (!next)
		next = dlsym(RTLD_NEXT, "renameat");
	return strikes("rename", EIO) ? -1 : next(from_dir, from, to_dir, to);
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
openat(int dir, const char *path, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	if (!next)
		next = dlsym(RTLD_NEXT, "openat");
	return strikes("open", EMFILE) ? -1 : next(dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return openat(AT_FDCWD, path, flags, mode);
}

void *
mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off_t);

	if (!next)
		next = dlsym(RTLD_NEXT, "mmap");
	return strikes("mmap", ENOMEM) ? MAP_FAILED : next(at, size, protection, flags, fd, offset);
}
