// The native functions of CQL, as Cassandra 5.0 has them: which overload a call means, and what it gives.
//
// Start at resolve_function(). Operators, negation and casts are functions too, under names that no
// identifier can have: operator_function_name(), kNegationName, cast_function_name(). writetime, ttl and
// maxwritetime are no functions of values; the planner knows them.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/types/type.h"

namespace keyzone::cql {

// What functions may look at beside their arguments. One for each statement.
struct FunctionContext {
  Timestamp now_us = 0;                               // the statement's time
  const std::function<uint64_t()>* random = nullptr;  // 64 uniformly drawn bits. REQUIRES: not null
  std::optional<int64_t> second{};  // of a request that says which one it is, for what expires
  uint32_t timeuuids_made = 0;      // so that no two now() of a statement are equal
};

using FunctionValue = std::optional<Bytes>;         // wire form; nullopt is null
using FunctionArgument = std::optional<BytesView>;  // REQUIRES: validates as the parameter's type

// One group's running result.
class Aggregate {
 public:
  virtual ~Aggregate() = default;
  virtual Result<void> add(std::span<const FunctionArgument> arguments) = 0;
  virtual Result<FunctionValue> result() const = 0;
};

struct Function;
using FunctionPtr = std::shared_ptr<const Function>;
using ScalarBody = std::function<Result<FunctionValue>(std::span<const FunctionArgument>, FunctionContext&)>;
using AggregateBody = std::function<std::unique_ptr<Aggregate>()>;
using ArgumentCheck = std::function<Result<void>(size_t argument, const FunctionArgument& value)>;

// One overload. Immutable. Errors of its body are kFunctionFailure (an operation on these values, JSON that
// is no value of the type) or kInvalid (an argument that the function does not take).
struct Function {
  std::string keyspace = "system";
  std::string name;
  std::vector<TypePtr> parameters;
  TypePtr result;
  ScalarBody call;         // of scalar functions
  ArgumentCheck check;     // whether it may be given that, whatever the others are: told before rows are read
  AggregateBody start;     // of aggregates
  bool pure = true;        // equal arguments give equal results
  bool monotonic = false;  // of the first argument, where the others are constants: rows may be grouped by it
  bool masks = false;      // shows a value in another form: columns may be MASKED WITH it
  bool generic = false;  // made for these argument types; its result is never an exact match for a parameter

  bool is_aggregate() const { return static_cast<bool>(start); }
  std::string full_name() const { return keyspace + "." + name; }
  // system.abs : (int) -> int. What is `constant` of the arguments, by number, is shown as such:
  // int(constant).
  std::string to_string(const std::vector<bool>& constant = {}) const;
};

// How well an argument fits a parameter; in this order.
enum class Match : uint8_t { kExact, kWeak, kNo };

// What resolution wants to know about one argument of a call.
struct CallArgument {
  std::string text;                       // for errors, as the statement has it
  TypePtr type;                           // if known, or the constant's preferred one; null: unknown
  std::function<Match(const Type&)> fit;  // can it be passed as that type?
  size_t array_size = 0;                  // of a literal [a, b]: how many elements; for functions of vectors

  static CallArgument typed(TypePtr type, std::string text);  // columns, hints, results of functions
  static CallArgument constant(ConstantKind kind, std::string_view text);
  static CallArgument marker(std::string text);
  static CallArgument null();
  static CallArgument result_of(const Function& function, std::string text);
};

struct CallSite {
  std::string_view keyspace;  // as written before the name; empty: none
  std::string_view name;      // lower-case unless it was quoted
  std::span<const CallArgument> arguments;
  TypePtr receiver;                             // what the result is for; null in a selection
  std::span<const TypePtr> partition_key;       // the table's, for token()
  TypePtr token_type;                           // what it gives; null: bigint
  std::span<const FunctionPtr> user_functions;  // of that name, in the keyspace that is meant
  bool in_selection = false;
};

// The overload that is meant; null if no function has that name (see unknown_function()). Errors are kInvalid
// with Cassandra's sentences. That the result fits the receiver is for the caller to check: check_result().
Result<FunctionPtr> resolve_function(const CallSite& call);
Error unknown_function(std::string_view name, bool in_selection);
// "Type error: cannot assign result of function …" unless the result can be used for `receiver`.
Result<void> check_result(const Function& function, const std::string& receiver_name, const Type& receiver);

inline constexpr std::string_view kNegationName = "_negate";
inline constexpr std::string_view kCountRowsName = "count_rows";  // count(*) and count(1)
std::string_view operator_function_name(char op);                 // + - * / %; "_add" …
std::string cast_function_name(const Type& type);                 // "cast_as_int"
bool is_cast_target(const Type& type);                            // whether anything can be cast to it

// The name of the column of a result set: system.abs(v), cast(v as int), v + 1, -v, count.
std::string result_column_name(const Function& function, std::span<const std::string> arguments);

// All native functions with fixed parameters, for DESCRIBE and for tests. Generic ones are not among them.
std::span<const FunctionPtr> native_functions();

}  // namespace keyzone::cql
