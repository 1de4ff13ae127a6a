/* Configurations of keepalived, as services. */
#include "drafts.h"
#include "import/keepalived.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(keepalived_import, data, size);
}
