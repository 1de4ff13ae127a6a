/* Rules of IPVS, as services. */
#include "drafts.h"
#include "ipvsrules.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(ipvsrules_import, data, size);
}
