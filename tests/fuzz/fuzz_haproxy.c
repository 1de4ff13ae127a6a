/* Configurations of HAProxy, as services. */
#include "drafts.h"
#include "import/haproxy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(haproxy_import, data, size);
}
