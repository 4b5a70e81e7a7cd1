#include "cql/ast/term.h"

#include <algorithm>

#include "cql/ast/last_of_each.h"
#include "cql/ast/select.h"
#include "cql/functions/functions.h"
#include "schema/types/java_hash.h"

namespace keyzone::cql {
namespace {

// Of a field that is named twice, the last value.
std::vector<std::pair<std::string, TermPtr>> in_java_order(const UserTypeLiteral& literal) {
  auto fields = last_of_each(literal.fields);
  java_bucket_sort(fields, [](const auto& field) -> const std::string& { return field.first; });
  return fields;
}

std::string call_of(std::string_view function, const std::string& arguments) {
  return "system." + quote_identifier(function) + "(" + arguments + ")";
}

struct Printer {
  bool calls;
  std::string_view keyspace;

  std::string text(const Term& term) const { return std::visit(*this, term.kind); }
  std::string join(const std::vector<TermPtr>& terms) const {
    std::string out;
    for (const TermPtr& term : terms) {
      if (!out.empty()) out += ", ";
      out += text(*term);
    }
    return out;
  }

  std::string operator()(const Constant& t) const {
    if (t.kind == ConstantKind::kString) return "'" + t.text + "'";  // quotes inside stay single
    return t.kind == ConstantKind::kHex ? "0x" + t.text : t.text;
  }
  std::string operator()(const Null&) const { return "NULL"; }
  std::string operator()(const BindMarker&) const { return "?"; }
  std::string operator()(const FunctionCall& t) const {
    return t.function.to_string() + "(" + (t.star ? "*" : join(t.arguments)) + ")";
  }
  std::string operator()(const TypeHint& t) const {
    return "(" + spell_type(t.type.text, keyspace) + ")" + text(*t.term);
  }
  std::string operator()(const Cast& t) const {
    if (calls) return call_of("cast_as_" + t.type.text, text(*t.term));
    return "cast(" + text(*t.term) + " as " + t.type.text + ")";
  }
  std::string operator()(const Arithmetic& t) const {
    if (calls) return call_of(operator_function_name(t.op), text(*t.left) + ", " + text(*t.right));
    return text(*t.left) + " " + t.op + " " + text(*t.right);
  }
  std::string operator()(const Negation& t) const {
    return calls ? call_of(kNegationName, text(*t.term)) : "-" + text(*t.term);
  }
  std::string operator()(const ListLiteral& t) const { return "[" + join(t.elements) + "]"; }
  std::string operator()(const SetLiteral& t) const { return "{" + join(t.elements) + "}"; }
  std::string operator()(const TupleLiteral& t) const { return "(" + join(t.elements) + ")"; }
  std::string operator()(const MapLiteral& t) const {
    std::string out;
    for (const auto& [key, value] : t.entries) {
      out += (out.empty() ? "" : ", ") + text(*key) + ": " + text(*value);
    }
    return "{" + out + "}";
  }
  std::string operator()(const UserTypeLiteral& t) const {
    std::string out;
    for (const auto& [field, value] : calls ? in_java_order(t) : t.fields) {
      out += (out.empty() ? "" : ", ") + field + ": " + text(*value);
    }
    return "{" + out + "}";
  }
  std::string operator()(const ColumnRef& t) const { return t.name; }
  std::string operator()(const FieldOf& t) const { return text(*t.value) + "." + t.field; }
  std::string operator()(const ElementOf& t) const { return text(*t.value) + "[" + text(*t.key) + "]"; }
  std::string operator()(const SliceOf& t) const {
    const std::string from = t.from ? text(*t.from) : "";
    const std::string to = t.to ? text(*t.to) : "";
    return text(*t.value) + "[" + from + ".." + to + "]";
  }
};

bool any_has_markers(const std::vector<TermPtr>& terms) {
  return std::any_of(terms.begin(), terms.end(), [](const TermPtr& term) { return has_markers(*term); });
}

}  // namespace

std::string to_string(const Term& term, Spelling spelling, std::string_view keyspace) {
  return Printer{spelling == Spelling::kCalls, keyspace}.text(term);
}

std::string_view to_string(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return "=";
    case Operator::kNotEqual:
      return "!=";
    case Operator::kLess:
      return "<";
    case Operator::kLessOrEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterOrEqual:
      return ">=";
    case Operator::kIn:
      return "IN";
    case Operator::kContains:
      return "CONTAINS";
    case Operator::kContainsKey:
      return "CONTAINS KEY";
    case Operator::kLike:
      return "LIKE";
    case Operator::kIsNotNull:
      return "IS NOT";
  }
  return "";
}

bool has_markers(const Term& term) {
  if (term.as<BindMarker>()) return true;
  if (const auto* call = term.as<FunctionCall>()) return any_has_markers(call->arguments);
  if (const auto* hint = term.as<TypeHint>()) return has_markers(*hint->term);
  if (const auto* cast = term.as<Cast>()) return has_markers(*cast->term);
  if (const auto* sum = term.as<Arithmetic>()) return has_markers(*sum->left) || has_markers(*sum->right);
  if (const auto* negation = term.as<Negation>()) return has_markers(*negation->term);
  if (const auto* list = term.as<ListLiteral>()) return any_has_markers(list->elements);
  if (const auto* set = term.as<SetLiteral>()) return any_has_markers(set->elements);
  if (const auto* tuple = term.as<TupleLiteral>()) return any_has_markers(tuple->elements);
  if (const auto* map = term.as<MapLiteral>()) {
    return std::any_of(map->entries.begin(), map->entries.end(), [](const auto& entry) {
      return has_markers(*entry.first) || has_markers(*entry.second);
    });
  }
  if (const auto* user = term.as<UserTypeLiteral>()) {
    return std::any_of(user->fields.begin(), user->fields.end(),
                       [](const auto& field) { return has_markers(*field.second); });
  }
  return false;
}

}  // namespace keyzone::cql
