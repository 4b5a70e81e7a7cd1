// A numeric value of any type, with the conversions of java.lang.Number: floating-point numbers saturate,
// integers lose their high bits. Include from .cc files only: Boost.Multiprecision is heavy.
#pragma once
#include <variant>

#include "cql/functions/number.h"
#include "schema/result.h"
#include "schema/types/big_number.h"

namespace keyzone::cql {

class JavaNumber {
 public:
  explicit JavaNumber(int64_t v) : value_(v) {}
  explicit JavaNumber(double v) : value_(v) {}
  explicit JavaNumber(BigInt v) : value_(std::move(v)) {}
  explicit JavaNumber(Decimal v) : value_(std::move(v)) {}
  // REQUIRES: the type is numeric, the value valid and not empty.
  static JavaNumber of(TypeKind kind, BytesView wire);

  int64_t to_long() const;
  int32_t to_int() const;
  double to_double() const;
  float to_float() const;
  BigInt to_bigint() const;            // BigInteger.valueOf(longValue()) unless it is one already
  Result<Decimal> to_decimal() const;  // integers by way of double, as Cassandra's arithmetic has it

  // As a value of the type, as a cast has it (decimals and varints by the two conversions above).
  Result<Bytes> to_wire(TypeKind kind) const;

  const Decimal* as_decimal() const { return std::get_if<Decimal>(&value_); }
  const BigInt* as_bigint() const { return std::get_if<BigInt>(&value_); }

 private:
  std::variant<int64_t, double, BigInt, Decimal> value_;
};

}  // namespace keyzone::cql
