/*
 * noseccomp.so, for LD_PRELOAD: a filter of system calls is made and looked at, and not loaded, since
 * a process that qemu emulates has no seccomp. It has to begin by comparing the architecture with the
 * one this is compiled for. VCAP_SECCOMP_PFC is a file for its text (seccomp_export_pfc(3)).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE 0
#endif

__attribute__((constructor)) static void
claim_support(void)
{
	/* Of the kernel: actions KILL_PROCESS and LOG, flags TSYNC and LOG. */
	seccomp_api_set(4);
}

static int
has_architecture(const scmp_filter_ctx filter)
{
	struct sock_filter first[2];
	int fd = memfd_create("filter", MFD_CLOEXEC), has;

	has = fd >= 0 && seccomp_export_bpf(filter, fd) == 0 &&
	      pread(fd, first, sizeof(first), 0) == sizeof(first) &&
	      first[0].code == (BPF_LD | BPF_W | BPF_ABS) &&
	      first[0].k == offsetof(struct seccomp_data, arch) &&
	      first[1].code == (BPF_JMP | BPF_JEQ | BPF_K) && first[1].k == ARCHITECTURE;
	if (fd >= 0)
		close(fd);
	return has;
}

int
seccomp_load(const scmp_filter_ctx filter)
{
	const char *path = getenv("VCAP_SECCOMP_PFC");
	int fd;

	if (!has_architecture(filter)) {
		fprintf(stderr, "noseccomp: a filter for another architecture\n");
		return -EINVAL;
	}
	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || seccomp_export_pfc(filter, fd) < 0)
		return -EIO;
	close(fd);
	return 0;
}
