#include "cql/ddl/column_mask.h"

#include <algorithm>

#include "cql/plan/function_call.h"
#include "schema/text.h"

namespace keyzone::cql::ddl {
namespace {

std::string call_text(const ColumnMask& mask) {
  std::vector<std::string> arguments;
  for (const TermPtr& argument : mask.arguments) arguments.push_back(to_string(*argument));
  return mask.function.to_string() + "(" + joined(arguments) + ")";
}

Result<FunctionPtr> find_function(const ColumnMask& mask, const std::string& column, const TypePtr& type,
                                  const PrepareContext& context) {
  std::vector<Argument> arguments = {
      {std::make_shared<NullExpression>(type), nullptr, type->marshal_name()}};  // the value
  for (const TermPtr& argument : mask.arguments) arguments.push_back({nullptr, argument});
  KEYZONE_TRY(function, find_call(context, mask.function, arguments, type, false));
  const std::string call = call_text(mask);
  if (!function) {
    return invalid("Unable to find masking function for " + column +
                   ", no declared function matches the signature " + call);
  }
  if (function->is_aggregate())
    return invalid("Aggregate function " + call + " cannot be used for masking table columns");
  if (!function->masks)
    return invalid("Not-masking function " + call + " cannot be used for masking table columns");
  const std::string given = freeze(function->result)->to_string(), wanted = freeze(type)->to_string();
  if (given == wanted) return function;
  return invalid(
      "Masking function " + call + " return type is " + function->result->to_string() +
      ". This is different to the type of the masked column " + column + " of type " + type->to_string() +
      ". Masking functions can only be attached to table columns if they return the same data type "
      "as the masked column.");
}

}  // namespace

Result<std::shared_ptr<const MaskFunction>> make_mask(const ColumnMask& mask, const std::string& column,
                                                      const TypePtr& type, const Table& table,
                                                      const DdlContext& context) {
  const Dialect dialect = cassandra_dialect();
  Markers markers({});
  PrepareContext prepare{context.catalog, dialect, table.keyspace, markers, &table};
  if (std::any_of(mask.arguments.begin(), mask.arguments.end(),
                  [](const TermPtr& argument) { return has_markers(*argument); }))
    return invalid("Bind variables cannot be used in the mask of column " + column);
  KEYZONE_TRY(function, find_function(mask, column, type, prepare));
  MaskFunction out{function->keyspace, function->name, {}};
  for (size_t i = 0; i < mask.arguments.size(); ++i) {
    const TypePtr& parameter = function->parameters.at(i + 1);
    const Receiver receiver{table.keyspace, table.name, column, parameter};
    KEYZONE_TRY(expression, prepare_term(prepare, mask.arguments[i], receiver));
    EvalContext evaluation;
    KEYZONE_TRY(value, expression->evaluate(evaluation));
    out.arguments.push_back({parameter, std::nullopt});
    if (value.is_set()) out.arguments.back().value = Bytes(value.bytes);
  }
  return std::make_shared<const MaskFunction>(std::move(out));
}

}  // namespace keyzone::cql::ddl
