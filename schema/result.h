// Result<T>: what the world may do to us (clients, peers, disks) comes back as a value with a kind and a
// sentence. What only we can get wrong is asserted with KEYZONE_ASSERT, in release builds too.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace keyzone {

// The CQL error a client would see is chosen from the kind in one place (cql/error_response.h).
enum class ErrorKind {
  kSyntax,           // CQL text that does not parse (0x2000)
  kInvalid,          // a request that parses and makes no sense (0x2200)
  kUnauthorized,     // 0x2100
  kConfig,           // 0x2300: a schema change that cannot be
  kAlreadyExists,    // 0x2400
  kUnprepared,       // 0x2500
  kProtocol,         // bytes that break the native protocol (0x000A)
  kUnavailable,      // known before anything was proposed: surely not applied (0x1000)
  kOverloaded,       // refused early, surely not applied (0x1001)
  kTruncateError,    // 0x1003
  kWriteTimeout,     // may or may not be applied (0x1100)
  kReadTimeout,      // 0x1200
  kFunctionFailure,  // 0x1400: a function or operation that these values make impossible
  kNotLeader,        // internal: ask another replica
  kStale,            // internal: plan again with a newer catalog, epoch or schema version
  kCorrupt,          // bytes on disk or from a peer that fail their checksum or do not decode
  kIo,               // the disk said no
  kNoSpace,          // the disk is full
  kServer,           // 0x0000: none of the above
};

struct Error {
  ErrorKind kind = ErrorKind::kServer;
  std::string message;        // names what was wrong: the column, the value, the file
  std::string keyspace = {};  // kAlreadyExists: what exists; kFunctionFailure: the function's
  std::string table = {};     // empty: the keyspace itself; kFunctionFailure: the function
};

inline Error invalid(std::string message) { return {ErrorKind::kInvalid, std::move(message)}; }

// A value or an Error. `Result<void>` is a success without a value.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : value_(std::move(error)) {}

  explicit operator bool() const { return value_.index() == 0; }
  bool ok() const { return value_.index() == 0; }

  // REQUIRES: ok()
  T& operator*() & { return std::get<0>(value_); }
  const T& operator*() const& { return std::get<0>(value_); }
  T&& operator*() && { return std::get<0>(std::move(value_)); }
  T* operator->() { return &std::get<0>(value_); }
  const T* operator->() const { return &std::get<0>(value_); }

  // REQUIRES: !ok()
  const Error& error() const { return std::get<1>(value_); }

 private:
  std::variant<T, Error> value_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  bool ok() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "keyzone: assertion failed: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace keyzone

#define KEYZONE_ASSERT(condition) \
  ((condition) ? (void)0 : ::keyzone::assertion_failed(#condition, __FILE__, __LINE__))

// Returns the error of `expression` from the calling function, or declares `name` as its value.
#define KEYZONE_CONCAT_(a, b) a##b
#define KEYZONE_CONCAT(a, b) KEYZONE_CONCAT_(a, b)
#define KEYZONE_TRY(name, expression)                                                       \
  auto KEYZONE_CONCAT(result_, __LINE__) = (expression);                                    \
  if (!KEYZONE_CONCAT(result_, __LINE__)) return KEYZONE_CONCAT(result_, __LINE__).error(); \
  auto name = *std::move(KEYZONE_CONCAT(result_, __LINE__))
#define KEYZONE_CHECK(expression)         \
  do {                                    \
    auto result_ = (expression);          \
    if (!result_) return result_.error(); \
  } while (false)
