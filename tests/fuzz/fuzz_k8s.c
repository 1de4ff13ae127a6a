/* What kubectl prints, as services. */
#include "drafts.h"
#include "import/k8s.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(k8s_import, data, size);
}
