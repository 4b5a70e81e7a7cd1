// MASKED WITH, of columns that are added. Private to this folder.
#pragma once
#include <memory>
#include <string>

#include "cql/ddl/ddl.h"

namespace keyzone::cql::ddl {

// The mask of a column of `table`: its function, and the constants that it is given beside the value. Errors
// are kInvalid: there is no such function, it masks nothing, gives another type, or doesn't take these
// arguments.
Result<std::shared_ptr<const MaskFunction>> make_mask(const ColumnMask& mask, const std::string& column,
                                                      const TypePtr& type, const Table& table,
                                                      const DdlContext& context);

}  // namespace keyzone::cql::ddl
