#include "extcap/choice.h"

#include "base/strvec.h"
#include "extcap/sentence.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "vcap-"

void
choice_load(struct choice *choice, config_variable *variable)
{
	struct failure why;

	*choice = (struct choice){.services = config_service_names(variable, &why)};
	while (choice->services && choice->services[choice->count])
		choice->count++;
}

void
choice_release(struct choice *choice)
{
	strvec_free(choice->services);
	*choice = CHOICE_INIT;
}

/* "vcap: shop (192.0.2.10, 2001:db8::10)" */
static void
print_display(const char *name, config_variable *variable, FILE *out)
{
	struct service service = SERVICE_INIT;
	struct failure why;
	char text[512], *end = text + snprintf(text, sizeof(text), "vcap: %s", name);

	if (config_service_load(&service, name, variable, &why) == 0) {
		for (size_t i = 0; i < service.vip_count && i < 3; i++) {
			const struct endpoint *vip = &service.vips[i];
			char addr[ADDR_TEXT];

			addr_format((struct addr){vip->family, vip->addresses.first}, addr,
				    sizeof(addr));
			end += snprintf(end, 64, "%s%s", i ? ", " : " (", addr);
		}
		if (service.vip_count > 0)
			snprintf(end, 8, "%s)", service.vip_count > 3 ? ", ..." : "");
		service_release(&service);
	}
	sentence_field(out, "display", text);
}

void
choice_print_interfaces(const struct choice *choice, config_variable *variable, FILE *out)
{
	if (choice->count > CHOICE_MOST)
		sentence_print(out, "interface", "value", "vcap", "display",
			       "vcap: a service on its load balancers", NULL);
	for (size_t i = 0; i < choice->count && choice->count <= CHOICE_MOST; i++) {
		char value[sizeof(PREFIX) + 64];

		snprintf(value, sizeof(value), PREFIX "%s", choice->services[i]);
		sentence_begin(out, "interface");
		sentence_field(out, "value", value);
		print_display(choice->services[i], variable, out);
		sentence_end(out);
	}
}

static void
print_value(FILE *out, unsigned number, const char *value, const char *display, const char *chosen)
{
	sentence_begin(out, "value");
	sentence_number(out, "arg", number);
	sentence_field(out, "value", value);
	sentence_field(out, "display", display);
	sentence_field(out, "default", chosen);
	sentence_end(out);
}

void
choice_print_services(const struct choice *choice, unsigned number, FILE *out)
{
	for (size_t i = 0; i < choice->count; i++)
		print_value(out, number, choice->services[i], choice->services[i],
			    i == 0 ? "true" : NULL);
}

void
choice_print_engines(const char *service, unsigned number, config_variable *variable, FILE *out)
{
	struct service parsed = SERVICE_INIT;
	struct failure why;

	print_value(out, number, "", "all engines of the service", "true");
	if (!service || config_service_load(&parsed, service, variable, &why) < 0)
		return;
	for (size_t i = 0; i < parsed.engine_count; i++)
		print_value(out, number, parsed.engines[i], parsed.engines[i], NULL);
	service_release(&parsed);
}

const char *
choice_service(const char *interface)
{
	const size_t length = sizeof(PREFIX) - 1;

	return strncmp(interface, PREFIX, length) == 0 ? interface + length : NULL;
}
