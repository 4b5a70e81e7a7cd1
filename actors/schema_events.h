// What changed for clients between two catalogs: the events that drivers refresh their metadata by.
#pragma once
#include <vector>

#include "schema/catalog.h"
#include "schema/result_set.h"

namespace keyzone::actors {

std::vector<SchemaChangeEvent> schema_events(const Catalog& before, const Catalog& after);

}  // namespace keyzone::actors
