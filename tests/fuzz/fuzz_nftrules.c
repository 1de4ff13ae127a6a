/* Rules of nftables, as services. */
#include "drafts.h"
#include "nftrules.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(nftrules_import, data, size);
}
