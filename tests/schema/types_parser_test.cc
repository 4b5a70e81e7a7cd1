// Types from text: what is accepted, what is refused and with which words, and that nothing goes too deep.
#include <gtest/gtest.h>

#include "schema/types/type.h"

namespace keyzone {
namespace {

TypePtr resolve(std::string_view keyspace, std::string_view name) {
  if (keyspace != "ks" || (name != "address" && name != "Odd Name")) return nullptr;
  return user_type("ks", std::string(name), {"street", "phones"},
                   {native_type(TypeKind::kText), list_type(native_type(TypeKind::kText), false)}, false);
}

std::string parsed(std::string_view text) {
  const auto type = parse_type(text, "ks", resolve);
  return type ? (*type)->to_string() : "error: " + type.error().message;
}

TEST(TypeParser, PrintsAsCassandraDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"INT", "int"},
      {"varchar", "text"},
      {" map < text , frozen<list<int>> > ", "map<text, frozen<list<int>>>"},
      {"frozen<map<text, list<int>>>", "frozen<map<text, frozen<list<int>>>>"},
      {"tuple<int, list<text>>", "frozen<tuple<int, frozen<list<text>>>>"},
      {"frozen<tuple<int>>", "frozen<tuple<int>>"},
      {"address", "address"},
      {"ks.address", "address"},
      {"frozen<address>", "frozen<address>"},
      {"set<frozen<\"Odd Name\">>", "set<frozen<\"Odd Name\">>"},
      {"vector<float, 3>", "vector<float, 3>"},
      {"list<vector<float, 2>>", "list<vector<float, 2>>"},
      {"'org.apache.cassandra.db.marshal.Int32Type'", "int"},
      {"'ListType(Int32Type)'", "list<int>"},
      {"'ReversedType(FrozenType(SetType(UTF8Type)))'", "frozen<set<text>>"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parsed(text), expected) << text;
}

TEST(TypeParser, RefusesAsCassandraDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"list<list<int>>",
       "error: Non-frozen collections are not allowed inside collections: list<list<int>>"},
      {"map<int, address>", "error: Non-frozen UDTs are not allowed inside collections: map<int, address>"},
      {"frozen<int>",
       "error: frozen<> is only allowed on collections, tuples, and user-defined types (got int)"},
      {"set<duration>", "error: Durations are not allowed inside sets: set<duration>"},
      {"map<duration, int>", "error: Durations are not allowed as map keys: map<duration, int>"},
      {"list<counter>", "error: Counters are not allowed inside collections: list<counter>"},
      {"tuple<counter>", "error: Counters are not allowed inside tuples"},
      {"nothing", "error: Unknown type ks.nothing"},
      {"other.address",
       "error: Statement on keyspace ks cannot refer to a user type in keyspace other; user types can only "
       "be used "
       "in the keyspace they are defined in"},
      {"vector<float, 0>", "error: vectors may only have positive dimensions; given 0"},
      {"vector<float, -2>", "error: vectors may only have positive dimensions; given -2"},
      {"vector<float, 1048577>",
       "error: vectors may have at most 1048576 elements; given vector<float, 1048577>"},
      {"vector<vector<int, 1024>, 1025>",
       "error: vectors may have at most 1048576 elements; given vector<vector<int, 1024>, 1025>"},
      {"'a.b.C'", "error: Error setting type a.b.C: Unable to find abstract-type class 'a.b.C'"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parsed(text), expected) << text;
  for (const char* text : {"", "list", "list<", "list<int", "list<int>>", "map<int>", "map<int, int, int>",
                           "list<>", "vector<float>", "\"open", "int int", "map<int; int>", "<int>",
                           "'ListType'", "'MapType(Int32Type)'", "'UserType(ks,zz)'"}) {
    const auto type = parse_type(text, "ks", resolve);
    EXPECT_FALSE(type) << text;
  }
}

TEST(TypeParser, DepthIsLimited) {
  std::string cql = "int", marshal = "Int32Type";
  for (int i = 0; i < kTypeDepthMax - 2; ++i) {
    cql = "list<" + cql + ">";
    marshal = "ListType(" + marshal + ")";
  }
  EXPECT_TRUE(parse_type("frozen<" + cql + ">", "ks", resolve));
  EXPECT_TRUE(parse_marshal_name("FrozenType(" + marshal + ")"));
  EXPECT_EQ(parsed("frozen<list<list<" + cql + ">>>"),
            "error: Types may not be nested deeper than " + std::to_string(kTypeDepthMax));
  EXPECT_TRUE(parse_marshal_name("ListType(ListType(ListType(" + marshal + ")))"))
      << "names say FrozenType, too, and are read however deep a catalog has them";
  for (int i = 0; i < kTypeDepthMax; ++i) marshal = "FrozenType(" + marshal + ")";
  EXPECT_FALSE(parse_marshal_name("ListType(ListType(ListType(" + marshal + ")))"));
  const std::string many(100000, '<');
  EXPECT_FALSE(parse_type("list" + many, "ks", resolve));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "list<";
  EXPECT_FALSE(parse_type(deep, "ks", resolve));
}

TEST(TypeParser, VectorsKeepWhatTheyAreOfAsItIsWritten) {
  for (const char* text :
       {"vector<list<int>, 2>", "vector<frozen<list<int>>, 2>", "vector<vector<address, 2>, 3>",
        "frozen<map<int, vector<address, 2>>>", "frozen<map<int, vector<frozen<address>, 2>>>",
        "frozen<tuple<vector<list<int>, 2>>>"}) {
    EXPECT_EQ(parsed(text), text);
    const auto type = parse_type(text, "ks", resolve);
    ASSERT_TRUE(type);
    EXPECT_EQ(**parse_marshal_name((*type)->marshal_name()), **type);
  }
}

TEST(TypeParser, FreezingReachesAllParts) {
  const TypePtr address = resolve("ks", "address");
  EXPECT_TRUE(address->is_multi_cell());
  EXPECT_EQ(address->parameters()[1]->to_string(), "list<text>");
  EXPECT_EQ(freeze(address)->parameters()[1]->to_string(), "frozen<list<text>>");
  EXPECT_EQ(unfreeze(freeze(list_type(address, false)))->to_string(), "list<frozen<address>>");
  EXPECT_EQ(freeze(native_type(TypeKind::kInt)), native_type(TypeKind::kInt));
}

TEST(TypeParser, Identifiers) {
  EXPECT_EQ(quote_identifier("abc_1"), "abc_1");
  EXPECT_EQ(quote_identifier("Abc"), "\"Abc\"");
  EXPECT_EQ(quote_identifier("table"), "\"table\"");
  EXPECT_EQ(quote_identifier("1a"), "\"1a\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
}

}  // namespace
}  // namespace keyzone
