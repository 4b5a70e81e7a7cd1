// WRITETIME, MAXWRITETIME and TTL as selectors: of a column, or of the part of one that has a stamp of its
// own.
#include <utility>

#include "cql/select/row_expressions.h"
#include "cql/select/selector.h"

namespace keyzone::cql {
namespace {

std::string name_of(StampKind kind) {
  return kind == StampKind::kWriteTime    ? "writetime"
         : kind == StampKind::kTimeToLive ? "ttl"
                                          : "maxwritetime";
}

}  // namespace

std::optional<StampKind> stamp_kind(const FunctionCall& call) {
  if (!call.function.keyspace.empty() && call.function.keyspace != "system") return std::nullopt;
  if (call.function.name == "writetime") return StampKind::kWriteTime;
  if (call.function.name == "maxwritetime") return StampKind::kMaxWriteTime;
  if (call.function.name == "ttl") return StampKind::kTimeToLive;
  return std::nullopt;
}

Result<Selector> SelectorBuilder::build_stamp(const FunctionCall& call) {
  const StampKind kind = *stamp_kind(call);
  const std::string function = name_of(kind);
  if (call.arguments.size() != 1) return invalid("Function " + function + " takes one column");
  const Term* whole = call.arguments[0].get();
  const Term* nearest = whole;  // the part that is taken of the column; what is taken of that is frozen
  while (const Term* container = container_of(*whole)) nearest = std::exchange(whole, container);
  const auto* element = nearest->as<ElementOf>();
  const auto* field = nearest->as<FieldOf>();
  const auto* slice = nearest->as<SliceOf>();
  const auto* ref = whole->as<ColumnRef>();
  if (!ref) return invalid("Function " + function + " can only be used with columns");
  KEYZONE_TRY(column, looked_up(find_column(table_, ref->name)));
  if (column->kind == ColumnKind::kPartitionKey || column->kind == ColumnKind::kClustering) {
    slots_.add(*column);  // it is selected, though wrongly
    return invalid("Cannot use selection function " + function + " on PRIMARY KEY part " + column->name);
  }
  KEYZONE_TRY(part, build(call.arguments[0], nullptr));  // that the part makes sense
  const Type& type = *column->type;
  const size_t slot = slots_.add_stamps(*column);
  StampedPart of;
  if (element || slice) {
    const std::string name = (type.kind() == TypeKind::kMap ? "key(" : "value(") + column->name + ")";
    for (const auto& [term, key] : {std::pair(element ? element->key : slice->from, &of.from),
                                    std::pair(slice ? slice->to : nullptr, &of.to)}) {
      if (!term) continue;
      KEYZONE_TRY(made, build_key(term, type.parameters()[0], name));
      *key = std::move(made);
    }
    of.kind = element ? StampedPart::Kind::kElement : StampedPart::Kind::kSlice;
  } else if (field) {
    of.kind = StampedPart::Kind::kField;
    of.field = *type.find_field(field->field);
  }
  if (nearest != call.arguments[0].get()) of.deeper = part.value;
  of.value = std::move(part.value);
  return Selector{std::make_shared<StampExpression>(kind, type, slot, std::move(of)),
                  function + "(" + text(*call.arguments[0]) + ")"};
}

}  // namespace keyzone::cql
