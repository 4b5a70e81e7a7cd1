// Values made of values: collection, tuple, user type and vector literals.
#pragma once
#include "cql/plan/term.h"

namespace keyzone::cql {

Result<ExpressionPtr> prepare_list(PrepareContext& context, const ListLiteral& literal,
                                   const Receiver& receiver);
Result<ExpressionPtr> prepare_set(PrepareContext& context, const SetLiteral& literal,
                                  const Receiver& receiver);
Result<ExpressionPtr> prepare_map(PrepareContext& context, const MapLiteral& literal,
                                  const Receiver& receiver);
Result<ExpressionPtr> prepare_tuple(PrepareContext& context, const TupleLiteral& literal,
                                    const Receiver& receiver);
Result<ExpressionPtr> prepare_user_type(PrepareContext& context, const UserTypeLiteral& literal,
                                        const Receiver& receiver);

// The value of a list, set, map or vector of these parts (keys and values alternate), or of a tuple or user
// type.
ExpressionPtr make_collection(TypePtr type, std::vector<ExpressionPtr> parts);
// The same of columns: a list may hold null, sets and maps fail there as Cassandra's do.
ExpressionPtr make_selected_collection(TypePtr type, std::vector<ExpressionPtr> parts);
ExpressionPtr make_fields(TypePtr type, std::vector<ExpressionPtr> fields);

}  // namespace keyzone::cql
