/* Packets in tunnels: two bytes for the link type and the service, then the packet. What the programs of the
 * compiler say of it is what filter_judge says. */
#include "filter/compile.h"
#include "filter/filter.h"
#include "filter/sighting.h"
#include "fuzz.h"
#include "packet/linktype.h"
#include "packet/tunnel.h"

#define SERVICES 4

static const char *const texts[SERVICES] = {
    "vip 10.0.0.2 tcp/80\nvip 2001:db8::2 tcp/80\nserver 10.0.0.1 via ipip\nserver 2001:db8::1 via "
    "gre\n",
    "vip 10.0.0.9\nserver 10.0.0.2 via vxlan\nserver 2001:db8::2 tcp/8080-8090 via vxlan:8472\n"
    "monitor icmp\n",
    "vip 10.0.0.9\nserver 10.0.0.2 via geneve\nserver 2001:db8::2 via geneve\nsource 10.0.0.1\n",
    "vip 10.0.0.2\nserver 10.0.0.3\nserver 10.0.0.1 tcp/80 via gre\nserver 10.0.0.2 via vxlan\n",
};

static struct service services[SERVICES];
static struct bpf programs[SERVICES][LINKTYPE_COUNT];

static void
prepare(void)
{
	if (services[0].vips)
		return;
	for (int i = 0; i < SERVICES; i++) {
		const struct filter filter = {.service = &services[i],
					      .monitors = MONITORS_INCLUDE};

		must(service_parse(&services[i], "shop", texts[i], "text", NULL) == 0);
		for (int k = 0; k < LINKTYPE_COUNT; k++)
			must(linktypes[k].kind == LINKTYPE_BY_PARTS ||
			     compile_filter(&filter, linktypes[k].linktype, &programs[i][k],
					    NULL) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct service *service;
	struct packet packet;
	struct tunnelled found;
	struct sighting seen;
	const struct bpf *program;
	uint16_t link;

	if (size < 2)
		return 0;
	prepare();
	link = linktypes[data[0] % LINKTYPE_COUNT].linktype;
	program = &programs[data[1] % SERVICES][data[0] % LINKTYPE_COUNT];
	service = &services[data[1] % SERVICES];
	packet = (struct packet){
	    .data = data + 2, .caplen = (uint32_t)size - 2, .len = (uint32_t)size + 3};
	if (tunnel_find_quoted(&packet, link, service->tunnels.vias, service->tunnels.count,
			       &found) == DISSECT_FOUND) {
		must(found.which < service->tunnels.count);
		must(found.inner.data > packet.data &&
		     found.inner.data + found.inner.caplen == packet.data + packet.caplen);
		must(found.inner.len - found.inner.caplen == packet.len - packet.caplen);
	}
	if (sighting_make(&seen, service, &packet, link) && seen.tuple.payload)
		must(seen.tuple.payload + seen.tuple.payload_len <= packet.data + packet.caplen);
	if (program->count > 0) {
		const struct filter filter = {.service = service, .monitors = MONITORS_INCLUDE};

		must(filter_judge(&filter, &packet, link) ==
		     (bpf_run(program, packet.data, packet.caplen, packet.len) != 0));
	}
	return 0;
}
