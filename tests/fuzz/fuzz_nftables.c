/* Rules of nftables, as services. */
#include "drafts.h"
#include "import/nftables.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(nftables_import, data, size);
}
