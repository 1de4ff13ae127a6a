/*
 * xdp IFACE COMMAND [ARG...]: runs COMMAND while an XDP program that passes everything is on IFACE.
 * Exit status 77 if there can be none here.
 */
#include <err.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int
bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int
main(int argc, char **argv)
{
	/* r0 = XDP_PASS; exit */
	static const struct bpf_insn insns[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr load = {
	    .prog_type = BPF_PROG_TYPE_XDP,
	    .insns = (uintptr_t)insns,
	    .insn_cnt = sizeof(insns) / sizeof(*insns),
	    .license = (uintptr_t) "",
	};
	union bpf_attr link = {0};
	int status;
	pid_t pid;

	if (argc < 3)
		errx(2, "an interface and a command");
	link.link_create.prog_fd = (uint32_t)bpf(BPF_PROG_LOAD, &load);
	link.link_create.target_ifindex = if_nametoindex(argv[1]);
	link.link_create.attach_type = BPF_XDP;
	/* It is there as long as this process has the descriptor. */
	if ((int)link.link_create.prog_fd < 0 || bpf(BPF_LINK_CREATE, &link) < 0)
		err(77, "cannot attach a program to '%s'", argv[1]);
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		err(1, "%s", argv[2]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		err(1, "%s", argv[2]);
	return WEXITSTATUS(status);
}
