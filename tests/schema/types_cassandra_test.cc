// Our types against answers taken from Cassandra 5.0.8: tests/data/types/cassandra.txt, or the file that
// KEYZONE_TYPES_DATA names. Each line is a question and its answer:
//   name     CQL name            class name
//   compare  class  a  b         sign of the order of two values
//   literal  class  value        the value in CQL
//   json     class  value        the value as toJson gives it
//   text     type   text         the value of a string's contents, or "error " and the message
//   validate type   value        "ok", or "error " and the message
//   fromjson type   JSON         the value, "null", or "error " and the message
//   token    key                 Murmur3
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "schema/types/hex.h"
#include "schema/types/json.h"
#include "schema/types/token.h"
#include "schema/types/type.h"

namespace keyzone {
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

std::vector<Fields> questions(const std::string& kind) {
  const char* chosen = std::getenv("KEYZONE_TYPES_DATA");
  std::ifstream file(chosen ? chosen : KEYZONE_SOURCE_DIR "/tests/data/types/cassandra.txt");
  EXPECT_TRUE(file.good());
  std::vector<Fields> found;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kind + "\t")) continue;
    Fields fields;
    for (size_t from = 0; from <= line.size();) {
      const size_t tab = std::min(line.find('\t', from), line.size());
      fields.push_back(unescape(std::string_view(line).substr(from, tab - from)));
      from = tab + 1;
    }
    found.push_back(fields);
  }
  EXPECT_FALSE(found.empty());
  return found;
}

TypePtr address_type() {
  return user_type("ks", "Addr", {"street", "Zip", "tags"},
                   {native_type(TypeKind::kText), native_type(TypeKind::kInt),
                    set_type(native_type(TypeKind::kText), false)},
                   false);
}

// By CQL name or by class name.
TypePtr type_named(const std::string& name) {
  static std::map<std::string, TypePtr> known;
  TypePtr& type = known[name];
  if (!type) {
    auto parsed = name.starts_with("org.")
                      ? parse_marshal_name(name)
                      : parse_type(name, "ks", [](auto, auto) { return address_type(); });
    EXPECT_TRUE(parsed) << name << ": " << parsed.error().message;
    if (parsed) type = *parsed;
  }
  return type;
}

Bytes bytes(const std::string& hex) { return *from_hex(hex.substr(2)); }

template <class Value>
std::string answer(const Result<Value>& result) {
  if (!result) {  // the data has exceptions without their class, which clients see in server errors
    const std::string& message = result.error().message;
    const std::string thrown = "java.lang.NumberFormatException: ";
    return "error " + (message.starts_with(thrown) ? message.substr(thrown.size()) : message);
  }
  if constexpr (std::is_same_v<Value, std::optional<Bytes>>) {
    return *result ? "0x" + to_hex(**result) : "null";
  } else {
    return "0x" + to_hex(*result);
  }
}

// Where we differ on purpose, or where Cassandra's words are those of its libraries.
bool errors_alike(const std::string& ours, const std::string& theirs) {
  static const std::set<std::string> kOwnWords = {
      "error Invalid ASCII character in string literal: é",  // Java's has the exception's text
      "error Invalid version for TimeUUID type: 0x4",        // Cassandra looks at the wrong byte
      "error Value '1' is not a valid blob representation: not a string",
  };
  return ours == theirs || kOwnWords.contains(ours);
}

// Texts that mean something else to us, or nothing.
const std::set<std::string> kOwnMeaning = {
    "double 0x1p3",                       // a hexadecimal float
    "double 1e400",                       // as a number of JSON
    "timestamp 5",                        // JSON: milliseconds that fit 32 bits
    "timestamp 2011-02-03 04:05:00 IST",  // India, not Ireland
    "timestamp 2011-02-03 04:05:00 BST",  // Britain, not Bougainville
};

TEST(CassandraTypes, Names) {
  for (const Fields& q : questions("name")) {
    EXPECT_EQ(type_named(q[2])->to_string(), q[1]);
    EXPECT_EQ(type_named(q[2])->marshal_name(), q[2]);
    EXPECT_TRUE(*type_named(q[1]) == *type_named(q[2])) << q[1];
  }
}

TEST(CassandraTypes, Order) {
  for (const Fields& q : questions("compare")) {
    const TypePtr type = type_named(q[1]);
    const Bytes a = bytes(q[2]), b = bytes(q[3]);
    const int expected = std::stoi(q[4]), order = type->compare(a, b);
    EXPECT_EQ((order > 0) - (order < 0), expected) << q[1] << " " << q[2] << " " << q[3];
    for (const bool descending : {false, true}) {
      Bytes x, y;
      type->append_ordered(a, descending, x);
      type->append_ordered(b, descending, y);
      const int by_bytes = x.compare(y);
      EXPECT_EQ((by_bytes > 0) - (by_bytes < 0), descending ? -expected : expected)
          << q[1] << " " << q[2] << " " << q[3];
      if (expected != 0) {
        EXPECT_FALSE(x.starts_with(y) || y.starts_with(x)) << q[1];
      }
    }
  }
}

TEST(CassandraTypes, OrderedFormsReadBack) {
  for (const Fields& q : questions("compare")) {
    const TypePtr type = type_named(q[1]);
    const Bytes value = bytes(q[2]);
    for (const bool descending : {false, true}) {
      Bytes form, back, again;
      type->append_ordered(value, descending, form);
      const size_t size = form.size();
      form += "more";
      ByteReader in(form);
      ASSERT_TRUE(type->read_ordered(in, descending, back)) << q[1] << " " << q[2];
      EXPECT_EQ(in.left(), 4u);
      EXPECT_TRUE(type->validate(back)) << q[1] << " " << q[2];
      EXPECT_EQ(type->compare(value, back), 0) << q[1] << " " << q[2];
      if (type->ordered_is_exact()) {
        EXPECT_EQ(back, value) << q[1];
      }
      type->append_ordered(back, descending, again);
      EXPECT_EQ(again, form.substr(0, size));
      for (size_t cut = 0; cut < size; ++cut) {
        ByteReader part(BytesView(form).substr(0, cut));
        Bytes ignored;
        EXPECT_FALSE(type->read_ordered(part, descending, ignored))
            << q[1] << " " << q[2] << " cut at " << cut;
      }
    }
  }
}

TEST(CassandraTypes, Literals) {
  for (const Fields& q : questions("literal")) {
    EXPECT_EQ(type_named(q[1])->to_cql_literal(bytes(q[2])), q[3]) << q[1] << " " << q[2];
  }
}

TEST(CassandraTypes, Json) {
  for (const Fields& q : questions("json")) {
    EXPECT_EQ(type_named(q[1])->to_json(bytes(q[2])), q[3]) << q[1] << " " << q[2];
  }
}

TEST(CassandraTypes, Texts) {
  for (const Fields& q : questions("text")) {
    if (kOwnMeaning.contains(q[1] + " " + q[2])) continue;
    const std::string ours = answer(type_named(q[1])->from_text(q[2]));
    if (!errors_alike(ours, q[3])) {
      EXPECT_EQ(ours, q[3]) << q[1] << " '" << q[2] << "'";
    }
  }
}

TEST(CassandraTypes, Validation) {
  for (const Fields& q : questions("validate")) {
    const auto valid = type_named(q[1])->validate(bytes(q[2]));
    const std::string ours = valid ? "ok" : "error " + valid.error().message;
    if (!errors_alike(ours, q[3])) {
      EXPECT_EQ(ours, q[3]) << q[1] << " " << q[2];
    }
  }
}

TEST(CassandraTypes, FromJson) {
  for (const Fields& q : questions("fromjson")) {
    if (kOwnMeaning.contains(q[1] + " " + q[2])) continue;
    JsonValue json;
    ASSERT_FALSE(read_json(q[2], JsonRoot::kAny, json)) << q[2];
    const std::string ours = answer(type_named(q[1])->from_json(json));
    if (!errors_alike(ours, q[3])) {
      EXPECT_EQ(ours, q[3]) << q[1] << " " << q[2];
    }
  }
}

TEST(CassandraTypes, Tokens) {
  for (const Fields& q : questions("token")) EXPECT_EQ(token_of(bytes(q[1])).value, std::stoll(q[2])) << q[1];
}

}  // namespace
}  // namespace keyzone
