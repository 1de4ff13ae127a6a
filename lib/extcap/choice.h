/*
 * Which interfaces Wireshark is offered: `vcap-SERVICE` for each service, or, where there are many, one
 * interface `vcap` whose dialog has a list of services.
 */
#ifndef VCAP_CHOICE_H
#define VCAP_CHOICE_H

#include "controller/config.h"

#include <stdio.h>

/* At every start Wireshark asks for the dialog of each interface, by a process for each. */
enum { CHOICE_MOST = 20 };

struct choice {
	char **services; /* their names, sorted, NULL-ended; NULL: none can be listed */
	size_t count;
};

#define CHOICE_INIT ((struct choice){0})

/* Lists the services, whether their files, or the engines file, can be parsed or not. */
void choice_load(struct choice *choice, config_variable *variable);
void choice_release(struct choice *choice);

/* Prints the interfaces as sentences, with a service's VIPs where its file can be read. */
void choice_print_interfaces(const struct choice *choice, config_variable *variable, FILE *out);

/* Prints the values of option number, which chooses a service. */
void choice_print_services(const struct choice *choice, unsigned number, FILE *out);

/* Prints the values of option number, which chooses engines of the service: all, or one. */
void choice_print_engines(const char *service, unsigned number, config_variable *variable,
			  FILE *out);

/* The service of an interface called vcap-SERVICE, a part of interface; NULL: that of many services. */
const char *choice_service(const char *interface);

#endif
