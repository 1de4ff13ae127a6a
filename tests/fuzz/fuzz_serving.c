/* Configurations one behind the other, as the script of `vcap import auto` prints them. */
#include "drafts.h"
#include "import/importer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return check_import(importer_find("auto")->import, data, size);
}
