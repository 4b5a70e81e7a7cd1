#include "cql/ast/term.h"

#include "cql/ast/select.h"

namespace keyzone::cql {
namespace {

std::string join(const std::vector<TermPtr>& terms) {
  std::string out;
  for (const TermPtr& term : terms) {
    if (!out.empty()) out += ", ";
    out += to_string(*term);
  }
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

struct Printer {
  std::string operator()(const Constant& t) const {
    if (t.kind == ConstantKind::kString) return quoted(t.text);
    return t.kind == ConstantKind::kHex ? "0x" + t.text : t.text;
  }
  std::string operator()(const Null&) const { return "NULL"; }
  std::string operator()(const BindMarker&) const { return "?"; }
  std::string operator()(const FunctionCall& t) const {
    return t.function.to_string() + "(" + (t.star ? "*" : join(t.arguments)) + ")";
  }
  std::string operator()(const TypeHint& t) const { return "(" + t.type.text + ")" + to_string(*t.term); }
  std::string operator()(const Cast& t) const {
    return "cast(" + to_string(*t.term) + " as " + t.type.text + ")";
  }
  std::string operator()(const Arithmetic& t) const {
    return to_string(*t.left) + " " + t.op + " " + to_string(*t.right);
  }
  std::string operator()(const Negation& t) const { return "-" + to_string(*t.term); }
  std::string operator()(const ListLiteral& t) const { return "[" + join(t.elements) + "]"; }
  std::string operator()(const SetLiteral& t) const { return "{" + join(t.elements) + "}"; }
  std::string operator()(const TupleLiteral& t) const { return "(" + join(t.elements) + ")"; }
  std::string operator()(const MapLiteral& t) const {
    std::string out;
    for (const auto& [key, value] : t.entries) {
      out += (out.empty() ? "" : ", ") + to_string(*key) + ": " + to_string(*value);
    }
    return "{" + out + "}";
  }
  std::string operator()(const UserTypeLiteral& t) const {
    std::string out;
    for (const auto& [field, value] : t.fields) {
      out += (out.empty() ? "" : ", ") + field + ": " + to_string(*value);
    }
    return "{" + out + "}";
  }
  std::string operator()(const ColumnRef& t) const { return t.name; }
  std::string operator()(const FieldOf& t) const { return to_string(*t.value) + "." + t.field; }
  std::string operator()(const ElementOf& t) const {
    return to_string(*t.value) + "[" + to_string(*t.key) + "]";
  }
  std::string operator()(const SliceOf& t) const {
    const std::string from = t.from ? to_string(*t.from) : "";
    const std::string to = t.to ? to_string(*t.to) : "";
    return to_string(*t.value) + "[" + from + ".." + to + "]";
  }
};

}  // namespace

std::string to_string(const Term& term) { return std::visit(Printer{}, term.kind); }

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
    case Operator::kBetween:
      return "BETWEEN";
  }
  return "";
}

}  // namespace keyzone::cql
