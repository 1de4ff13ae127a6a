#include "packet.h"

#include <stdlib.h>

void
interface_release(struct interface *interface)
{
	free(interface->name);
	free(interface->description);
	free(interface->filter);
	free(interface->options);
	free(interface->comment);
}
