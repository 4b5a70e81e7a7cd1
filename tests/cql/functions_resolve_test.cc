// Which overload is meant, what is said if none or several are, and the functions that need a context.
#include <gtest/gtest.h>

#include <set>

#include "cql/functions/functions.h"
#include "schema/types/hex.h"
#include "schema/types/timeuuid.h"
#include "schema/types/token.h"

namespace keyzone::cql {
namespace {

using enum TypeKind;

CallArgument column(TypeKind kind, std::string name) {
  return CallArgument::typed(native_type(kind), std::move(name));
}

Result<FunctionPtr> resolve(std::string_view name, std::vector<CallArgument> arguments,
                            TypePtr receiver = nullptr) {
  CallSite call;
  call.name = name;
  call.arguments = arguments;
  call.receiver = std::move(receiver);
  return resolve_function(call);
}

std::string meant(std::string_view name, std::vector<CallArgument> arguments, TypePtr receiver = nullptr) {
  const auto function = resolve(name, std::move(arguments), std::move(receiver));
  if (!function) return function.error().message;
  return *function ? (*function)->to_string() : "unknown";
}

TEST(ResolveFunction, ExactMatchesWin) {
  EXPECT_EQ(meant("abs", {column(kInt, "v")}), "system.abs : (int) -> int");
  EXPECT_EQ(meant("_add", {column(kInt, "v"), CallArgument::constant(ConstantKind::kInteger, "1")}),
            "system.\"_add\" : (int, int) -> int");
  EXPECT_EQ(meant("_add", {column(kDate, "d"), CallArgument::constant(ConstantKind::kDuration, "1mo")}),
            "system.\"_add\" : (date, duration) -> date");
  EXPECT_EQ(meant("cast_as_text", {column(kInt, "v")}), "system.cast_as_text : (int) -> text");
  EXPECT_EQ(meant("max", {CallArgument::typed(tuple_type({native_type(kInt)}), "t")}),
            "system.max : (tuple<int>) -> tuple<int>");
}

TEST(ResolveFunction, TheReceiverDecidesAmongOperations) {
  const auto marker = CallArgument::marker("?");
  const auto one = CallArgument::constant(ConstantKind::kInteger, "1");
  EXPECT_EQ(meant("_add", {marker, marker}, native_type(kInt)),
            "Ambiguous '+' operation with args ? and ?: use type hint to disambiguate, example '(int) ?'");
  EXPECT_EQ(meant("_add", {one, one}, native_type(kInt)), "system.\"_add\" : (int, int) -> int");
  EXPECT_EQ(meant("_add", {one, one}, native_type(kTinyint)),
            "system.\"_add\" : (tinyint, tinyint) -> tinyint");
  EXPECT_EQ(meant("_negate", {marker}), "Ambiguous negation: use type casts to disambiguate");
}

TEST(ResolveFunction, WhatIsSaidWhenNothingFits) {
  EXPECT_EQ(meant("nothing", {}), "unknown");
  EXPECT_EQ(unknown_function("nothing", true).message, "Unknown function 'nothing'");
  EXPECT_EQ(unknown_function("nothing", false).message, "Unknown function nothing called");
  EXPECT_EQ(meant("uuid", {column(kInt, "v")}),
            "Invalid number of arguments in call to function system.uuid: 0 required but 1 provided");
  EXPECT_EQ(meant("min_timeuuid", {column(kText, "v")}),
            "Type error: v cannot be passed as argument 0 of function system.min_timeuuid of type timestamp");
  EXPECT_EQ(meant("to_date", {column(kText, "v")}),
            "Invalid call to function to_date, none of its type signatures match (known type signatures: "
            "system.to_date : (timeuuid) -> date, system.to_date : (timestamp) -> date)");
  EXPECT_EQ(meant("to_date", {CallArgument::marker("?")}),
            "Ambiguous call to function to_date (can be matched by following signatures: system.to_date : "
            "(timeuuid) "
            "-> date, system.to_date : (timestamp) -> date): use type casts to disambiguate");
  EXPECT_EQ(meant("_add", {column(kBoolean, "a"), column(kInt, "b")}),
            "the '+' operation is not supported between a and b");
  EXPECT_EQ(meant("map_keys", {column(kInt, "v")}),
            "Function system.map_keys requires a map argument, but found argument v of type int");
  EXPECT_EQ(meant("map_keys", {}), "Invalid number of arguments for function system.map_keys(map)");
  EXPECT_EQ(
      meant("max", {CallArgument::marker("?")}),
      "Cannot infer type of argument ? in call to function system.max(any): use type casts to disambiguate");
  EXPECT_EQ(meant("from_json", {column(kText, "v")}),
            "from_json() cannot be used in the selection clause of a SELECT statement");
}

TEST(ResolveFunction, UserFunctionsStandBesideNativeOnes) {
  Function mine;
  mine.keyspace = "ks";
  mine.name = "twice";
  mine.parameters = {native_type(kInt)};
  mine.result = native_type(kInt);
  const std::vector<FunctionPtr> user{std::make_shared<const Function>(mine)};
  const std::vector<CallArgument> arguments{column(kInt, "v")};
  CallSite call;
  call.name = "twice";
  call.arguments = arguments;
  call.user_functions = user;
  EXPECT_EQ((*resolve_function(call))->to_string(), "ks.twice : (int) -> int");
  call.keyspace = "other";
  call.name = "abs";
  call.user_functions = {};
  EXPECT_EQ(*resolve_function(call), nullptr);
}

TEST(ResolveFunction, ResultsMustFit) {
  const auto now = *resolve("now", {});
  EXPECT_TRUE(check_result(*now, "id", *native_type(kTimeuuid)));
  EXPECT_TRUE(check_result(*now, "id", *native_type(kUuid)));
  EXPECT_EQ(check_result(*now, "v", *native_type(kInt)).error().message,
            "Type error: cannot assign result of function system.now (type timeuuid) to v (type int)");
}

TEST(ResolveFunction, NamesOfResultColumns) {
  const auto name = [](std::string_view function, std::vector<CallArgument> arguments,
                       std::vector<std::string> names) {
    return result_column_name(**resolve(function, std::move(arguments)), names);
  };
  EXPECT_EQ(name("abs", {column(kInt, "v")}, {"v"}), "system.abs(v)");
  EXPECT_EQ(name("_add", {column(kInt, "v"), column(kInt, "w")}, {"v", "w"}), "v + w");
  EXPECT_EQ(name("_negate", {column(kInt, "v")}, {"v"}), "-v");
  EXPECT_EQ(name("cast_as_bigint", {column(kInt, "v")}, {"v"}), "cast(v as bigint)");
  EXPECT_EQ(name("count_rows", {}, {}), "count");
}

TEST(Functions, Token) {
  const std::vector<TypePtr> key{native_type(kText), native_type(kInt)};
  const std::vector<CallArgument> arguments{column(kText, "a"), column(kInt, "b")};
  CallSite call;
  call.name = "token";
  call.arguments = arguments;
  EXPECT_EQ(resolve_function(call).error().message,
            "No receiver table has been specified for function system.token");
  call.partition_key = key;
  const auto function = resolve_function(call);
  ASSERT_TRUE(function);
  FunctionContext context;
  const Bytes five("\0\0\0\5", 4);
  const std::vector<FunctionArgument> values{BytesView("x"), BytesView(five)};
  const auto token = (*function)->call(values, context);
  const std::vector<BytesView> parts{"x", five};
  ASSERT_TRUE(token && *token);
  EXPECT_EQ(load_be<int64_t>((**token).data()), token_of(*encode_partition_key(parts)).value);
  const std::vector<FunctionArgument> with_null{BytesView("x"), std::nullopt};
  EXPECT_FALSE((*(*function)->call(with_null, context)).has_value());
}

TEST(Functions, TimesAndIdsComeFromTheContext) {
  uint64_t state = 0;
  const std::function<uint64_t()> random = [&] { return state += 0x9E3779B97F4A7C15; };
  FunctionContext context{.now_us = 1'600'000'000'123'456, .random = &random};
  const auto call = [&](std::string_view name) { return **(*resolve(name, {}))->call({}, context); };
  EXPECT_EQ(native_type(kTimestamp)->to_cql_literal(call("current_timestamp")), "'2020-09-13T12:26:40.123Z'");
  EXPECT_EQ(native_type(kDate)->to_cql_literal(call("current_date")), "'2020-09-13'");
  EXPECT_EQ(native_type(kTime)->to_cql_literal(call("current_time")), "'12:26:40.123456000'");
  std::set<Bytes> ids;
  for (int i = 0; i < 100; ++i) {
    const Bytes id = call("now");
    EXPECT_TRUE(native_type(kTimeuuid)->validate(id));
    EXPECT_EQ(timeuuid_ticks(id), context.now_us * 10 + i);
    EXPECT_EQ(static_cast<uint8_t>(id[8]) >> 6, 2);
    ids.insert(id);
    const Bytes uuid = call("uuid");
    EXPECT_EQ(static_cast<uint8_t>(uuid[6]) >> 4, 4);
    ids.insert(uuid);
  }
  EXPECT_EQ(ids.size(), 200u);
}

TEST(Functions, NumbersTooLargeAreRefusedQuickly) {
  const auto on = [](std::string_view name, TypeKind kind, std::string_view a, std::string_view b) {
    FunctionContext context;
    const Bytes x = *native_type(kind)->from_text(a), y = *native_type(kind)->from_text(b);
    const std::vector<FunctionArgument> values{BytesView(x), BytesView(y)};
    return (*resolve(name, {column(kind, "a"), column(kind, "b")}))->call(values, context);
  };
  EXPECT_TRUE(on("_add", kDecimal, "1e2000000000", "1"));
  EXPECT_TRUE(on("_add", kDecimal, "1e-2000000000", "1"));
  EXPECT_FALSE(on("_multiply", kDecimal, "1e2000000000", "1e2000000000"));
  EXPECT_FALSE(on("_divide", kDecimal, "1e2000000000", "3"));
  EXPECT_FALSE(on("_modulo", kDecimal, "1e2000000000", "3"));
  const std::string large = "1" + std::string(20000, '0');
  EXPECT_TRUE(on("_add", kVarint, large, large));
  EXPECT_FALSE(on("_multiply", kVarint, large, large));
}

}  // namespace
}  // namespace keyzone::cql
