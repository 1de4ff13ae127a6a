/* Service files, and the side of a packet that is all zeros or all ones. */
#include "filter/sighting.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct service service = SERVICE_INIT;
	struct failure why;

	if (service_parse(&service, "shop", text, "input", &why) < 0) {
		must(why.text[0] && !service.vips);
	} else {
		const struct tuple tuple = {
		    .protocol = PROTOCOL_TCP,
		    .has_ports = true,
		    .source = {4, 0},
		    .destination = {4, service.vips[0].addresses.first},
		    .destination_port = service.vips[0].port_first,
		};

		must(service.vip_count > 0 && strcmp(service.name, "shop") == 0);
		must(sighting_side(&service, &tuple) <= SIDE_OTHER);
		for (size_t i = 0; i < service.vip_count; i++)
			must(service.vips[i].port_first <= service.vips[i].port_last &&
			     service.vips[i].addresses.first <= service.vips[i].addresses.last);
	}
	service_release(&service);
	free(text);
	return 0;
}
