// Our functions against answers of Cassandra 5.0.8's: tests/data/functions/cassandra.txt.
//   call       name  types  receiver  arguments  result type  result
//   aggregate  name  type   values                result type  result
// Lists are separated by ';', "-" is none, and a result is a value, null, or "error " and the message.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <set>

#include "cql/functions/functions.h"
#include "schema/types/hex.h"

namespace keyzone::cql {
namespace {

using Fields = std::vector<std::string>;

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[++i] == 'x') {
      out += *from_hex(text.substr(i + 1, 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Fields split(std::string_view text, char separator) {
  Fields fields;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find(separator, from), text.size());
    fields.push_back(unescape(text.substr(from, end - from)));
    from = end + 1;
  }
  return fields;
}

std::vector<Fields> questions(const std::string& kind) {
  std::ifstream file(KEYZONE_SOURCE_DIR "/tests/data/functions/cassandra.txt");
  EXPECT_TRUE(file.good());
  std::vector<Fields> found;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kind + "\t")) found.push_back(split(line, '\t'));
  }
  EXPECT_FALSE(found.empty());
  return found;
}

TypePtr type_named(const std::string& name) {
  auto parsed = parse_type(name, "ks", {});
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : nullptr;
}

std::vector<FunctionValue> values_of(const std::string& list) {
  std::vector<FunctionValue> values;
  if (list.empty()) return values;
  for (const std::string& text : split(list, ';')) {
    values.push_back(text == "null" ? FunctionValue() : from_hex(text.substr(2)));
  }
  return values;
}

std::vector<FunctionArgument> arguments_of(const std::vector<FunctionValue>& values) {
  std::vector<FunctionArgument> arguments;
  for (const auto& value : values) arguments.push_back(value ? FunctionArgument(*value) : FunctionArgument());
  return arguments;
}

// By the types of its arguments, as the planner would ask.
Result<FunctionPtr> function_for(const std::string& name, const std::string& types,
                                 const std::string& receiver) {
  std::vector<CallArgument> arguments;
  if (!types.empty()) {
    for (const std::string& type : split(types, ';'))
      arguments.push_back(CallArgument::typed(type_named(type), type_named(type)->marshal_name()));
  }
  CallSite call;
  call.name = name;
  call.arguments = arguments;
  call.receiver = receiver == "-" ? nullptr : type_named(receiver);
  return resolve_function(call);
}

std::string shown(const Result<FunctionValue>& result) {
  if (!result) {  // the data has exceptions without their class, which clients see in server errors
    const std::string& message = result.error().message;
    for (const std::string thrown :
         {"java.lang.ArithmeticException: ", "java.lang.NumberFormatException: "}) {
      if (message.starts_with(thrown)) return "error " + message.substr(thrown.size());
    }
    return "error " + message;
  }
  return *result ? "0x" + to_hex(**result) : "null";
}

// Values of floating-point functions may differ in the last digit, decimals in their zeros at the end (the
// logarithm of 1000 is 3, or 3.000…); messages where Java's are its libraries'.
bool alike(const std::string& ours, const std::string& theirs, const std::string& type) {
  if (ours == theirs) return true;
  if (ours.starts_with("error") && theirs.starts_with("error")) {
    static const std::set<std::string> kJavaWords = {"error org.apache.cassandra", "error class ",
                                                     "error Overflow"};
    for (const std::string& words : kJavaWords) {
      if (theirs.starts_with(words)) return true;
    }
    return false;
  }
  if (!ours.starts_with("0x") || !theirs.starts_with("0x")) return false;
  const Bytes a = *from_hex(ours.substr(2)), b = *from_hex(theirs.substr(2));
  if (type == "decimal") return native_type(TypeKind::kDecimal)->compare(a, b) == 0;
  if (type == "double" && a.size() == 8 && b.size() == 8) {
    const auto x = std::bit_cast<double>(load_be<uint64_t>(a.data())),
               y = std::bit_cast<double>(load_be<uint64_t>(b.data()));
    return (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= std::abs(y) * 1e-15;
  }
  if (type == "float" && a.size() == 4 && b.size() == 4) {
    const auto x = std::bit_cast<float>(load_be<uint32_t>(a.data())),
               y = std::bit_cast<float>(load_be<uint32_t>(b.data()));
    return (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= std::abs(y) * 2e-7f;
  }
  return false;
}

std::string pretty(const std::string& type, const std::string& shown) {
  if (!shown.starts_with("0x") || type == "-") return shown;
  return shown + " (" + type_named(type)->to_cql_literal(*from_hex(shown.substr(2))) + ")";
}

TEST(CassandraFunctions, Calls) {
  for (const Fields& q : questions("call")) {
    const auto values = values_of(q[4]);
    const auto arguments = arguments_of(values);
    const auto function = function_for(q[1], q[2], q[3]);
    Result<FunctionValue> result = FunctionValue();
    std::string type = "-";
    if (!function) {
      result = function.error();
    } else if (!*function) {
      result = unknown_function(q[1], true);
    } else {
      FunctionContext context;
      type = (*function)->result->to_string();
      result = (*function)->call(arguments, context);
    }
    if (q[6] == "error none") {
      EXPECT_FALSE(function) << q[1] << "(" << q[2] << ")";
      continue;
    }
    if (!q[6].starts_with("error") || result) {
      EXPECT_EQ(type, q[5]) << q[1] << "(" << q[2] << ")";
    }
    EXPECT_TRUE(alike(shown(result), q[6], type))
        << q[1] << "(" << q[2] << ") of " << q[4] << "\n  ours   " << pretty(type, shown(result))
        << "\n  theirs " << pretty(q[5], q[6]);
  }
}

TEST(CassandraFunctions, Aggregates) {
  for (const Fields& q : questions("aggregate")) {
    auto values = values_of(q[3]);
    const auto function = function_for(q[1], q[2], "-");
    if (q[5].starts_with("error")) {
      EXPECT_FALSE(function) << q[1] << "(" << q[2] << ")";
      continue;
    }
    ASSERT_TRUE(function && *function)
        << q[1] << "(" << q[2] << "): " << (function ? "unknown" : function.error().message);
    ASSERT_TRUE((*function)->is_aggregate());
    const auto aggregate = (*function)->start();
    const std::string type = (*function)->result->to_string();
    Result<void> added;
    for (const FunctionArgument& argument : arguments_of(values)) {
      if (added) added = aggregate->add({&argument, q[2].empty() ? 0u : 1u});
    }
    const auto result = added ? aggregate->result() : Result<FunctionValue>(added.error());
    EXPECT_EQ(type, q[4]) << q[1] << "(" << q[2] << ")";
    EXPECT_TRUE(alike(shown(result), q[5], type))
        << q[1] << "(" << q[2] << ") of " << q[3] << "\n  ours   " << pretty(type, shown(result))
        << "\n  theirs " << pretty(q[4], q[5]);
  }
}

}  // namespace
}  // namespace keyzone::cql
