/*
 * attach PROGRAM IFACE COMMAND [ARG...]
 *
 * Runs COMMAND while a packet socket listens on IFACE with the program in the file PROGRAM, in the
 * form of `tcpdump -ddd`, or everything if that is empty. Nothing is read: what matches fills the
 * socket's buffer and is dropped.
 */
#include "base/fileio.h"
#include "packet/bpf.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct bpf
read_program(const char *path)
{
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	size_t size;

	if (fd < 0)
		err(1, "%s", path);
	if (fileio_slurp(fd, 1 << 20, path, &text, &size, &why) < 0 ||
	    (size > 0 && bpf_parse(&program, text, &why) < 0))
		errx(1, "%s", why.text);
	free(text);
	close(fd);
	return program;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct bpf program;
	struct {
		unsigned short count;
		const struct insn *insns;
	} prog;
	/* Without a protocol nothing arrives before the program is there. */
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (argc < 4)
		errx(2, "usage: attach program iface command [arg ...]");
	program = read_program(argv[1]);
	prog.count = (unsigned short)program.count;
	prog.insns = program.insns;
	if (fd < 0)
		err(1, "socket");
	if (program.count && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0)
		err(1, "the kernel does not take %zu instructions", program.count);
	on.sll_ifindex = (int)if_nametoindex(argv[2]);
	if (on.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&on, sizeof(on)) < 0)
		err(1, "%s", argv[2]);
	execvp(argv[3], argv + 3);
	err(1, "%s", argv[3]);
}
