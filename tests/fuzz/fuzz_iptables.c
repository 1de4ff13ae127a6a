/* Rules of iptables, as services. */
#include "drafts.h"
#include "import/iptables.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(iptables_import, data, size);
}
