/* Configurations of nginx, as services. */
#include "drafts.h"
#include "import/nginx.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(nginx_import, data, size);
}
