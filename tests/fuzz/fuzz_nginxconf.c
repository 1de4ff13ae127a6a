/* Configurations of nginx, as services. */
#include "drafts.h"
#include "nginxconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(nginxconf_import, data, size);
}
