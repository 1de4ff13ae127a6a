/* Configurations of HAProxy, as services. */
#include "drafts.h"
#include "haproxyconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(haproxyconf_import, data, size);
}
