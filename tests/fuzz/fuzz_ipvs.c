/* Rules of IPVS, as services. */
#include "drafts.h"
#include "import/ipvs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(ipvs_import, data, size);
}
