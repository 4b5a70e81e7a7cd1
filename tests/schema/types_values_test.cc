// Values: constants, collections put together and taken apart, keys, JSON.
#include <gtest/gtest.h>

#include "schema/types/calendar.h"
#include "schema/types/collections.h"
#include "schema/types/duration.h"
#include "schema/types/hex.h"
#include "schema/types/json.h"
#include "schema/types/native_types.h"
#include "schema/types/sum.h"
#include "schema/types/timeuuid.h"
#include "schema/types/token.h"
#include "schema/types/vint.h"

namespace keyzone {
namespace {

const Type& type(TypeKind kind) { return *native_type(kind); }
Bytes int_value(int32_t v) { return be_bytes(v); }

TEST(Constants, WhichTypeTakesWhich) {
  using enum TypeKind;
  EXPECT_TRUE(type(kInt).accepts_constant(ConstantKind::kInteger));
  EXPECT_TRUE(type(kTimestamp).accepts_constant(ConstantKind::kInteger));
  EXPECT_TRUE(type(kTimestamp).accepts_constant(ConstantKind::kString));
  EXPECT_FALSE(type(kInt).accepts_constant(ConstantKind::kString));
  EXPECT_FALSE(type(kInt).accepts_constant(ConstantKind::kFloat));
  EXPECT_FALSE(type(kBlob).accepts_constant(ConstantKind::kString));
  EXPECT_EQ(*type(kBlob).from_constant(ConstantKind::kHex, "0xCAFE"), "\xca\xfe");
  EXPECT_EQ(type(kInt).from_constant(ConstantKind::kString, "x").error().message,
            "Invalid STRING constant (x) for type int");
}

TEST(Constants, PreferredTypes) {
  const auto preferred = [](ConstantKind kind, std::string_view text) {
    return preferred_constant_type(kind, text)->to_string();
  };
  EXPECT_EQ(preferred(ConstantKind::kInteger, "2147483647"), "int");
  EXPECT_EQ(preferred(ConstantKind::kInteger, "2147483648"), "bigint");
  EXPECT_EQ(preferred(ConstantKind::kInteger, "9223372036854775808"), "varint");
  EXPECT_EQ(preferred(ConstantKind::kFloat, "1.5"), "double");
  EXPECT_EQ(preferred(ConstantKind::kFloat, "1.23456789012345678901"), "decimal");
  EXPECT_EQ(preferred(ConstantKind::kString, "a"), "ascii");
  EXPECT_EQ(preferred(ConstantKind::kString, "\xc3\xa9"), "text");
}

TEST(Collections, SetsAndMapsAreSortedAndTheLastOfEqualKeysStays) {
  const TypePtr set = set_type(native_type(TypeKind::kInt), true);
  const Bytes built = build_collection(*set, {int_value(5), int_value(-1), int_value(5)});
  EXPECT_EQ(set->to_cql_literal(built), "{-1, 5}");
  const TypePtr map = map_type(native_type(TypeKind::kInt), native_type(TypeKind::kText), true);
  EXPECT_EQ(
      map->to_cql_literal(build_collection(*map, {int_value(2), "b", int_value(1), "a", int_value(2), "c"})),
      "{1: 'a', 2: 'c'}");
  const TypePtr list = list_type(native_type(TypeKind::kInt), true);
  EXPECT_EQ(list->to_cql_literal(build_collection(*list, {int_value(2), int_value(1), int_value(2)})),
            "[2, 1, 2]");
}

TEST(Collections, OfEqualKeysTheFirstStaysWithTheLastValue) {
  const TypePtr map = map_type(native_type(TypeKind::kDecimal), native_type(TypeKind::kText), true);
  const auto number = [](const char* text) { return *native_type(TypeKind::kDecimal)->from_text(text); };
  EXPECT_EQ(map->to_cql_literal(build_collection(*map, {number("1.0"), "a", number("1.00"), "b"})),
            "{1.0: 'b'}");
}

TEST(Collections, WhatAClientSentInAnyOrderIsSorted) {
  const TypePtr set = set_type(native_type(TypeKind::kInt), true);
  const TypePtr list = list_type(native_type(TypeKind::kInt), true);
  const auto sent = [&](std::vector<int> values) {
    std::vector<Bytes> wire;
    for (const int value : values) wire.push_back(int_value(value));
    return build_collection(*list, std::move(wire));  // lists and sets look the same
  };
  EXPECT_EQ(sorted_collection(*set, sent({3, -1, 3})), sent({-1, 3}));
  EXPECT_EQ(sorted_collection(*set, sent({-1, 3})), std::nullopt);
  EXPECT_EQ(sorted_collection(*set, sent({})), std::nullopt);
  EXPECT_EQ(sorted_collection(*list, sent({3, -1, 3})), std::nullopt);
  const TypePtr list_of_sets = list_type(set, true);
  const Bytes within = build_collection(*list_of_sets, {sent({3, -1}), sent({-1, 3})});
  EXPECT_EQ(sorted_collection(*list_of_sets, within),
            build_collection(*list_of_sets, {sent({-1, 3}), sent({-1, 3})}));
  EXPECT_EQ(sorted_collection(*tuple_type({set}), within), std::nullopt);
}

TEST(Collections, CountsThatLieAreRefused) {
  const TypePtr list = list_type(native_type(TypeKind::kInt), true);
  EXPECT_FALSE(split_collection(*list, *from_hex("7fffffff")));
  EXPECT_FALSE(split_collection(*list, *from_hex("7fffffff7fffffff")));
  EXPECT_FALSE(split_collection(*list, *from_hex("0000000100000000ff")));
  EXPECT_TRUE(split_collection(*list, *from_hex("00000000"))->empty());
}

TEST(Collections, VectorsOfVariableLength) {
  const TypePtr vector = vector_type(native_type(TypeKind::kText), 2);
  const std::vector<Bytes> words{"a", Bytes(200, 'b')};
  const Bytes wire = build_vector(*vector, words);
  EXPECT_EQ(to_hex(wire.substr(0, 4)), "016180c8");
  EXPECT_EQ((*split_vector(*vector, wire))[1], words[1]);
}

TEST(Vint, AsCassandraWritesThem) {
  const std::pair<uint64_t, const char*> cases[] = {{0, "00"},
                                                    {127, "7f"},
                                                    {128, "8080"},
                                                    {300, "812c"},
                                                    {16383, "bfff"},
                                                    {16384, "c04000"},
                                                    {(uint64_t{1} << 56) - 1, "feffffffffffffff"},
                                                    {uint64_t{1} << 56, "ff0100000000000000"},
                                                    {UINT64_MAX, "ffffffffffffffffff"}};
  for (const auto& [value, hex] : cases) {
    Bytes out;
    append_vint(out, value);
    EXPECT_EQ(to_hex(out), hex);
    ByteReader in(out);
    EXPECT_EQ(read_vint(in), value);
    EXPECT_TRUE(in.done() && !in.failed());
  }
}

TEST(OrderedKeys, SuccessorOfAPrefix) {
  EXPECT_EQ(prefix_successor("ab"), "ac");
  EXPECT_EQ(prefix_successor("a\xff\xff"), "b");
  EXPECT_EQ(prefix_successor("\xff"), "");
  EXPECT_EQ(prefix_successor(""), "");
}

TEST(OrderedKeys, NullsAndEmptiesComeFirstOrLast) {
  for (const bool descending : {false, true}) {
    Bytes null, empty, value;
    append_ordered_null(descending, null);
    type(TypeKind::kText).append_ordered("", descending, empty);
    type(TypeKind::kText).append_ordered("a", descending, value);
    EXPECT_EQ(null < empty, !descending);
    EXPECT_EQ(empty < value, !descending);
  }
}

TEST(OrderedKeys, DecimalsOfAllSizesReadBackAsEqual) {
  const TypePtr decimal = native_type(TypeKind::kDecimal);
  for (const char* text :
       {"0", "0.00", "1.00", "100", "1e30", "1e2147483647", "1e-2147483647", "-1e2147483647",
        "123456789012345678901234567890.5", "-0.000001", "1e64", "1e65"}) {
    const Bytes wire = *decimal->from_text(text);
    Bytes form, back;
    decimal->append_ordered(wire, true, form);
    ByteReader in(form);
    ASSERT_TRUE(decimal->read_ordered(in, true, back)) << text;
    EXPECT_EQ(decimal->compare(wire, back), 0) << text;
  }
  // The least scale there is, with zeros to strip.
  const Bytes extreme = *from_hex(
      "80000000"
      "0a");
  Bytes form, back;
  decimal->append_ordered(extreme, false, form);
  ByteReader in(form);
  ASSERT_TRUE(decimal->read_ordered(in, false, back));
  EXPECT_EQ(to_hex(back), "800000000a");
}

TEST(OrderedKeys, CompositesByTheirComponents) {
  const TypePtr composite = *parse_marshal_name("CompositeType(UTF8Type, Int32Type)");
  const TypePtr dynamic = *parse_marshal_name("DynamicCompositeType(s => UTF8Type, i => Int32Type)");
  const std::pair<TypePtr, std::vector<const char*>> cases[] = {
      {composite, {"", "a:_", "a", "a:-2", "a:2", "a:!", "aa:1", "b\\:b:5"}},
      {dynamic, {"", "i@-5", "i@5", "LongType@1", "s@a", "s@a:i@-2", "s@a:i@2", "s@b"}}};
  for (const auto& [one, texts] : cases) {
    Bytes before;
    for (const char* text : texts) {
      const Bytes wire = *one->from_text(text);
      ASSERT_TRUE(one->validate(wire)) << text;
      for (const bool descending : {false, true}) {
        Bytes form, back;
        one->append_ordered(wire, descending, form);
        ByteReader in(form);
        ASSERT_TRUE(one->read_ordered(in, descending, back)) << text;
        EXPECT_EQ(one->compare(back, wire), 0) << text;
        if (one->ordered_is_exact()) {
          EXPECT_EQ(to_hex(back), to_hex(wire)) << text;
        }
        if (descending) continue;
        EXPECT_LE(before, form) << text;
        before = form;
      }
    }
  }
  EXPECT_EQ(to_hex(*composite->from_text("abc:123")), "00036162630000040000007b00");
  EXPECT_EQ(to_hex(*dynamic->from_text("s@a:Int32Type@1")),
            "8073000161000009496e7433325479706500040000000100");
  // A type named by its class is the type of its alias.
  EXPECT_EQ(dynamic->compare(*dynamic->from_text("s@b"), *dynamic->from_text("UTF8Type@b")), 0);
  EXPECT_EQ(dynamic->to_string(), "'" + dynamic->marshal_name() + "'");
  EXPECT_FALSE(composite->from_text("a:1:2"));
  EXPECT_FALSE(dynamic->from_text("a"));
  EXPECT_FALSE(*composite == *dynamic || *composite == *native_type(TypeKind::kBlob));
}

TEST(OrderedKeys, GarbageIsRefusedNotRead) {
  uint64_t state = 1;
  const auto next = [&] { return state = state * 6364136223846793005u + 1442695040888963407u; };
  std::vector<TypePtr> types;
  for (int kind = 0; kind < static_cast<int>(TypeKind::kEmpty); ++kind) {
    types.push_back(native_type(static_cast<TypeKind>(kind)));
  }
  types.push_back(tuple_type({types[0], types[11], list_type(types[6], true)}));
  types.push_back(map_type(types[13], types[19], true));
  types.push_back(vector_type(types[13], 2));
  types.push_back(*parse_marshal_name("CompositeType(UTF8Type, Int32Type)"));
  types.push_back(*parse_marshal_name("DynamicCompositeType(s => UTF8Type, i => Int32Type)"));
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes;
    for (uint64_t size = next() >> 59; size > 0; --size)
      bytes.push_back(static_cast<char>((next() >> 33) & 0x83));
    for (const TypePtr& one : types) {
      ByteReader in(bytes);
      Bytes out;
      const bool read = one->read_ordered(in, false, out);
      EXPECT_TRUE(!read || out.size() <= 2 * bytes.size() + 64) << one->to_string() << " " << to_hex(bytes);
      if (one->validate(bytes)) {
        EXPECT_EQ(one->compare(bytes, bytes), 0);
        one->to_json(bytes);
        one->to_cql_literal(bytes);
      }
    }
  }
}

TEST(PartitionKeys, OneColumnOrSeveral) {
  const std::vector<BytesView> one{"abc"}, two{"abc", ""};
  EXPECT_EQ(*encode_partition_key(one), "abc");
  EXPECT_EQ(to_hex(*encode_partition_key(two)), "000361626300000000");
  EXPECT_EQ((*split_partition_key(*encode_partition_key(two), 2))[0], "abc");
  EXPECT_FALSE(split_partition_key("abc", 2));
  const Bytes large(65536, 'x');
  const std::vector<BytesView> too_large{large};
  EXPECT_EQ(encode_partition_key(too_large).error().message,
            "Key length of 65536 is longer than maximum of 65535");
  EXPECT_EQ(token_of("").value, INT64_MIN);
}

TEST(Sums, WrapAroundOrGrow) {
  const auto sum = [](TypeKind kind, std::string_view a, std::string_view b) {
    const Type& t = type(kind);
    const auto result = sum_of(kind, *t.from_text(a), *t.from_text(b));
    return result ? t.to_json(*result) : result.error().message;
  };
  EXPECT_EQ(sum(TypeKind::kTinyint, "127", "2"), "-127");
  EXPECT_EQ(sum(TypeKind::kSmallint, "32767", "1"), "-32768");
  EXPECT_EQ(sum(TypeKind::kInt, "2147483647", "1"), "-2147483648");
  EXPECT_EQ(sum(TypeKind::kBigint, "-9223372036854775808", "-1"), "9223372036854775807");
  EXPECT_EQ(sum(TypeKind::kFloat, "1.5", "0.25"), "1.75");
  EXPECT_EQ(sum(TypeKind::kDouble, "0.1", "0.2"), "0.30000000000000004");
  EXPECT_EQ(sum(TypeKind::kVarint, "9223372036854775807", "1"), "9223372036854775808");
  EXPECT_EQ(sum(TypeKind::kDecimal, "1.50", "0.005"), "1.505");
  EXPECT_EQ(sum(TypeKind::kText, "a", "b"), "\"ab\"");
  EXPECT_FALSE(can_be_summed(TypeKind::kCounter) || can_be_summed(TypeKind::kDate));
}

TEST(Timeuuids, TicksGoInAndOut) {
  const Bytes uuid = timeuuid_at(1234567890123 * kTimeuuidTicksPerMs, kTimeuuidLowMin);
  EXPECT_TRUE(type(TypeKind::kTimeuuid).validate(uuid));
  EXPECT_EQ(timeuuid_ticks(uuid), 1234567890123 * kTimeuuidTicksPerMs);
  EXPECT_EQ(type(TypeKind::kTimeuuid).to_cql_literal(uuid), "70ec79b0-fa26-11dd-8080-808080808080");
}

TEST(Calendar, DaysAndMonths) {
  for (const int64_t day : {-719468L, -1L, 0L, 1L, 59L, 11016L, 2147483647L, -2147483648L}) {
    EXPECT_EQ(days_since_1970(civil_date(day)), day);
  }
  EXPECT_EQ(date_text(civil_date(11016)), "2000-02-29");
  const int64_t january31 = days_since_1970({2023, 1, 31}) * kMillisPerDay + 5;
  EXPECT_EQ(add_months_since_julian(january31, 1), days_since_1970({2023, 2, 28}) * kMillisPerDay + 5);
  EXPECT_EQ(add_months_since_julian(january31, -2), days_since_1970({2022, 11, 30}) * kMillisPerDay + 5);
}

TEST(Json, WhatIsReadKeepsItsDigits) {
  JsonValue json;
  ASSERT_FALSE(read_json(R"({"a": 1.10, "b": 123456789012345678901234567890, "a": [null, true, "x"]})",
                         JsonRoot::kAny, json));
  EXPECT_EQ(json.to_string(), "{a=[null, true, x], b=123456789012345678901234567890}");
  EXPECT_FALSE(read_json("1 2", JsonRoot::kAny, json));  // what stands behind the value is not looked at
  EXPECT_TRUE(read_json("{", JsonRoot::kAny, json));
  EXPECT_TRUE(read_json(std::string(100000, '['), JsonRoot::kAny, json));
  EXPECT_TRUE(read_json("[1]", JsonRoot::kObject, json));
  EXPECT_FALSE(read_json(R"({"Ab": 1, "\"Ab\"": 2, "AB": 3})", JsonRoot::kObject, json));
  const JsonFields fields = json_fields(json);
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].first, "ab");
  EXPECT_EQ(fields[0].second->text, "3");
  EXPECT_EQ(fields[1].first, "Ab");
  EXPECT_EQ(fields[1].second->text, "2");
  EXPECT_EQ(quote_json("a\"\\\n\x01"), "\"a\\\"\\\\\\n\\u0001\"");
}

}  // namespace
}  // namespace keyzone
