/*
 * Packets of one service through vcap-join's judge, as a stream and as a file that is read
 * twice: a byte of options, then packets, each two bytes of length and the packet. Nothing is
 * leaked, and memory stays within its bounds.
 */
#include "filter/service.h"
#include "fuzz.h"
#include "join/join.h"

static struct service service;
static struct addrset set;

static void
prepare(void)
{
	struct failure why;

	if (service.vip_count)
		return;
	must(service_parse(&service, "shop",
			   "vip 10.0.0.2 tcp/443\nvip 2001:db8::2 tcp/443\n"
			   "server 10.0.1.0/24 tcp/8080\nserver 2001:db8:1::/64 tcp/8080\n"
			   "monitor empty\nmonitor http /health\nmonitor local\n",
			   "shop", &why) == 0);
	must(addrset_add(&set, "10.0.0.1", &why) == 0);
	addrset_seal(&set);
}

/* One pass over the packets; those that are undecided are asked about again at once. */
static void
see_all(struct join *join, const uint8_t *data, size_t size)
{
	char *remark;

	for (int64_t ts_ns = 1; size > 2; ts_ns += 1000000) {
		uint32_t length = ((uint32_t)data[0] << 8 | data[1]) & 0x7ff;
		struct conn *conn = NULL;
		struct packet packet;
		bool is_final;

		length = length < size - 2 ? length : (uint32_t)size - 2;
		packet = (struct packet){
		    .ts_ns = ts_ns, .caplen = length, .len = length, .data = data + 2};
		if (join_see(join, &packet, LINKTYPE_EN10MB, &conn) == JOIN_UNDECIDED && conn)
			join_ask(join, conn, &is_final);
		data += 2 + length;
		size -= 2 + length;
	}
	join_finish(join);
	remark = join_remark(join, 0);
	must(remark);
	free(remark);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct join_config config = {.memory = 64 << 10, .hold_ns = 3000000, .secret = {{1, 1}}};
	struct failure why;
	struct join *join;

	if (size < 1)
		return 0;
	prepare();
	config.service = &service;
	config.set = data[0] & 1 ? &set : NULL;
	config.exclude = data[0] & 2;
	config.monitors = (data[0] >> 2) % 3;
	config.is_live = data[0] & 64;
	join = join_new(&config, &why);
	must(join);
	see_all(join, data + 1, size - 1);
	if (!config.is_live) {
		must(join_again(join, &why) == 0);
		see_all(join, data + 1, size - 1);
	}
	join_free(join);
	return 0;
}
