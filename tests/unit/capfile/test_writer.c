/* What the writer writes, the reader reads, in either format. */
#include "base/clock.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "tap.h"

#include <sys/mman.h>
#include <unistd.h>

static struct failure why;

/* Also packets larger than the writer's buffer. */
static void
written_is_read(enum format format)
{
	static unsigned char large[PACKET_SNAPLEN];
	struct interface named = {.name = (char *)"lb1/eth0", .linktype = LINKTYPE_EN10MB};
	struct interface other = {.name = (char *)"lb1/tun0", .linktype = LINKTYPE_RAW};
	int fd = memfd_create("out", 0);
	struct writer *writer = writer_new(fd, format, &why);
	struct reader *file;
	struct source *source;
	struct packet p;
	uint32_t id, good = 0, sizes[] = {0, 1, 1500, sizeof(large), 3};

	ok(writer_interface(writer, &named, &id, &why) == 0 && id == 0, "an interface");
	ok(writer_interface(writer, &other, &id, &why) < 0, "%s", why.text);
	for (uint32_t i = 0; i < 5; i++) {
		p = (struct packet){.ts_ns = i * NS_PER_SECOND + i,
				    .caplen = sizes[i],
				    .len = sizes[i] + i,
				    .core = i,
				    .flags = DIRECTION_IN,
				    .data = large};
		large[0] = (unsigned char)i;
		good += writer_packet(writer, 0, &p, &why) == 0;
	}
	ok(good == 5 && writer_finish(writer, &why) == 0, "five packets written");
	p.ts_ns = INT64_C(4294967296) * NS_PER_SECOND;
	ok((writer_packet(writer, 0, &p, &why) < 0) == (format == FORMAT_PCAP),
	   "after 2106 only pcapng goes on");
	writer_free(writer);
	lseek(fd, 0, SEEK_SET);
	file = reader_open_fd(fd, "out", &why);
	source = reader_source(file);
	for (uint32_t i = good = 0; i < 5; i++)
		good += source->next(source, &p, &why) == SOURCE_PACKET &&
			p.ts_ns == i * NS_PER_SECOND + i && p.caplen == sizes[i] &&
			p.len == sizes[i] + i && (i == 0 || p.data[0] == i) &&
			(format == FORMAT_PCAP || (p.core == i && p.flags == DIRECTION_IN));
	ok(good == 5 && source->next(source, &p, &why) == SOURCE_END, "five packets read");
	if (format == FORMAT_PCAPNG)
		is_str(source->interfaces[0].name, "lb1/eth0", "the interface's name");
	reader_close(file);
}

int
main(void)
{
	written_is_read(FORMAT_PCAPNG);
	written_is_read(FORMAT_PCAP);
	return done_testing();
}
