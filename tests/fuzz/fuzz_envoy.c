/* Config dumps of Envoy, as services. */
#include "drafts.h"
#include "import/envoy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(envoy_import, data, size);
}
