#include "request.h"

#include "fdio.h"
#include "packet.h"
#include "parse.h"

#include <string.h>
#include <unistd.h>

#define INPUT_MAX (16u << 20) /* bytes of specs on standard input */

int
request_option(struct request *request, int letter, const char *value, struct failure *why)
{
	struct order *order = &request->order;
	enum monitor_mode mode;
	int rc = 0;

	switch (letter) {
	case 'c': rc = parse_number(value, UINT64_MAX, &order->count, why); break;
	case 'E': request->engine_list = value; break;
	case 'm':
		rc = service_parse_mode(value, &mode, why);
		order->monitors = value;
		break;
	case 'P': order->per_packet = true; break;
	case 's': rc = parse_number(value, PACKET_SNAPLEN, &order->snaplen, why); break;
	case 't': rc = parse_duration(value, NS_PER_MINUTE, &order->duration_ns, why); break;
	case 'x': order->invert = true; break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

static int
read_specs(struct order *order, struct failure *why)
{
	char *text;
	size_t size;

	for (char *const *spec = order->specs; *spec; spec++) {
		if (strcmp(*spec, "-") != 0)
			continue;
		if (fdio_slurp(STDIN_FILENO, INPUT_MAX, "standard input", &text, &size, why) < 0)
			return -1;
		order->input = text;
		return 0;
	}
	return 0;
}

int
request_complete(struct request *request, char *const *words, config_variable *variable,
		 struct failure *why)
{
	struct order *order = &request->order;
	struct service service = SERVICE_INIT;
	int rc = -1;

	order->word = words[0];
	order->specs = words + 1;
	order->service = config_service_name(order->word);
	if (config_read_service(&request->file, order->word, variable, why) < 0)
		return -1;
	order->service_text = request->file.text;
	if (service_parse(&service, order->service, request->file.text, request->file.path, why) ==
		0 &&
	    engines_load(&request->engines, variable, why) == 0) {
		order->engines =
		    order_engines(&service, &request->engines, request->engine_list, why);
		rc = order->engines ? 0 : -1;
	}
	if (rc == 0 && order->specs[0] && !order->per_packet && !service.source_client)
		rc = failure_set(why,
				 "addresses with service '%s' need -P: its servers see an engine's "
				 "address, so the server side would be lost; a capture without "
				 "addresses can be given to vcap-join",
				 service.name);
	service_release(&service);
	return rc < 0 ? -1 : read_specs(order, why);
}
