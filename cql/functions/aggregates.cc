// count, sum, avg, min and max. Sums wrap around in the type they are of; averages don't overflow.
#include "cql/functions/aggregates.h"

#include <bit>
#include <cmath>

#include "cql/functions/java_number.h"
#include "cql/functions/registry.h"
#include "schema/types/decimal_math.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

namespace {

using enum TypeKind;
using Arguments = std::span<const FunctionArgument>;

FunctionValue bigint_value(int64_t v) { return be_bytes(v); }

Result<FunctionValue> value_of(Result<Bytes> bytes) {
  if (!bytes) return bytes.error();
  return FunctionValue(*std::move(bytes));
}

// count(*), and count(x) of what is not null.
class Count final : public Aggregate {
 public:
  Result<void> add(Arguments arguments) override {
    if (arguments.empty() || arguments[0]) ++count_;
    return {};
  }
  Result<FunctionValue> result() const override { return bigint_value(count_); }

 private:
  int64_t count_ = 0;
};

class Extreme final : public Aggregate {
 public:
  Extreme(TypePtr type, int sign) : type_(std::move(type)), sign_(sign) {}
  Result<void> add(Arguments arguments) override {
    const FunctionArgument& value = arguments[0];
    if (!value || (type_->is_counter() && value->empty())) return {};
    if (!best_ || type_->compare(*value, *best_) * sign_ > 0) best_ = Bytes(*value);
    return {};
  }
  Result<FunctionValue> result() const override { return best_; }

 private:
  TypePtr type_;
  int sign_;  // 1: the greatest; -1: the least
  FunctionValue best_;
};

// What sums and averages share: numbers of one kind, nulls left out.
class NumericAggregate : public Aggregate {
 public:
  explicit NumericAggregate(TypeKind kind) : kind_(kind) {}
  Result<void> add(Arguments arguments) final {
    if (!arguments[0] || arguments[0]->empty()) return {};
    ++count_;
    return add_number(JavaNumber::of(kind_, *arguments[0]));
  }

 protected:
  virtual Result<void> add_number(const JavaNumber& number) = 0;
  TypeKind kind_;
  int64_t count_ = 0;
};

class IntegerSum final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override {
    return value_of(JavaNumber(static_cast<int64_t>(sum_)).to_wire(kind_));
  }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    sum_ += static_cast<uint64_t>(number.to_long());
    return {};
  }

 private:
  uint64_t sum_ = 0;
};

class IntegerAverage final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override {
    const BigInt average = count_ == 0 ? BigInt(0) : BigInt(sum_ / count_);
    return value_of(kind_ == kVarint ? checked_wire(average) : JavaNumber(average).to_wire(kind_));
  }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    sum_ += number.to_bigint();
    return {};
  }

 private:
  BigInt sum_;
};

class VarintSum final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override { return value_of(checked_wire(sum_)); }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    sum_ += *number.as_bigint();
    return {};
  }

 private:
  BigInt sum_;
};

// Kahan's compensated sum.
class FloatingSum {
 public:
  void add(double value) {
    simple_sum_ += value;
    const double corrected = value - compensation_;
    const double rounded = sum_ + corrected;
    compensation_ = (rounded - sum_) - corrected;
    sum_ = rounded;
  }
  double sum() const { return sum_; }
  double result() const {
    const double sum = sum_ + compensation_;
    return std::isnan(sum) && std::isinf(simple_sum_) ? simple_sum_ : sum;  // infinities of one sign
  }

 private:
  double sum_ = 0, compensation_ = 0, simple_sum_ = 0;
};

class FloatingTotal final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override { return value_of(JavaNumber(sum_.result()).to_wire(kind_)); }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    sum_.add(number.to_double());
    return {};
  }

 private:
  FloatingSum sum_;
};

// Once the sum overflows it goes on as a decimal.
class FloatingAverage final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override {
    if (count_ == 0) return value_of(JavaNumber(0.0).to_wire(kind_));
    if (!big_sum_) return value_of(JavaNumber(sum_.result() / static_cast<double>(count_)).to_wire(kind_));
    KEYZONE_TRY(average, divide(*big_sum_, Decimal{BigInt(count_), 0}, big_sum_->scale, Rounding::kHalfEven));
    return value_of(JavaNumber(average).to_wire(kind_));
  }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    const double value = number.to_double();
    const double before = sum_.sum();
    if (!big_sum_) {
      sum_.add(value);
      if (!std::isinf(sum_.sum()) || std::isinf(value)) return {};
      if (std::isinf(before) || std::isnan(before)) return {};
      big_sum_ = Decimal::from_double(before);
    }
    KEYZONE_TRY(term, number.to_decimal());
    KEYZONE_TRY(sum, keyzone::add(*big_sum_, term));
    big_sum_ = sum;
    return {};
  }

 private:
  FloatingSum sum_;
  std::optional<Decimal> big_sum_;
};

class DecimalSum final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override { return value_of(checked_wire(sum_)); }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    KEYZONE_TRY(sum, keyzone::add(sum_, *number.as_decimal()));
    sum_ = sum;
    return {};
  }

 private:
  Decimal sum_;
};

// The running average, so that it has no more places than its numbers.
class DecimalAverage final : public NumericAggregate {
 public:
  using NumericAggregate::NumericAggregate;
  Result<FunctionValue> result() const override { return value_of(checked_wire(average_)); }

 protected:
  Result<void> add_number(const JavaNumber& number) override {
    KEYZONE_TRY(distance, subtract(*number.as_decimal(), average_));
    KEYZONE_TRY(step, divide(distance, Decimal{BigInt(count_), 0}, distance.scale, Rounding::kHalfEven));
    KEYZONE_TRY(average, keyzone::add(average_, step));
    average_ = average;
    return {};
  }

 private:
  Decimal average_;
};

template <class Made>
AggregateBody starting(TypeKind kind) {
  return [kind] { return std::make_unique<Made>(kind); };
}

AggregateBody sum_body(TypeKind kind) {
  switch (kind) {
    case kFloat:
    case kDouble:
      return starting<FloatingTotal>(kind);
    case kDecimal:
      return starting<DecimalSum>(kind);
    case kVarint:
      return starting<VarintSum>(kind);
    default:
      return starting<IntegerSum>(kind);
  }
}

AggregateBody average_body(TypeKind kind) {
  switch (kind) {
    case kFloat:
    case kDouble:
      return starting<FloatingAverage>(kind);
    case kDecimal:
      return starting<DecimalAverage>(kind);
    default:
      return starting<IntegerAverage>(kind);
  }
}

Function aggregate(std::string name, TypePtr result, std::vector<TypePtr> parameters, AggregateBody start) {
  Function function;
  function.name = std::move(name);
  function.result = std::move(result);
  function.parameters = std::move(parameters);
  function.start = std::move(start);
  return function;
}

void add_extreme(Registry& registry, const char* name, int sign) {
  GenericFunction generic;
  generic.name = name;
  generic.parameters = {Parameter{.shape = Parameter::Shape::kAny, .from_receiver = true}};
  generic.make = [sign](const GenericFunction& self, const std::vector<TypePtr>& types, const CallSite&) {
    Function function = aggregate(self.name, result_like(types[0]), types, extreme_of(types[0], sign));
    function.generic = true;
    return Result<FunctionPtr>(std::make_shared<const Function>(std::move(function)));
  };
  registry.add(std::move(generic));
}

}  // namespace

AggregateBody sum_of(TypeKind kind) { return sum_body(kind); }
AggregateBody average_of(TypeKind kind) { return average_body(kind); }
AggregateBody extreme_of(const TypePtr& type, int sign) {
  return [type, sign] { return std::make_unique<Extreme>(type, sign); };
}

void add_aggregates(Registry& registry) {
  const TypePtr bigint = native_type(kBigint);
  registry.add(aggregate(std::string(kCountRowsName), bigint, {}, [] { return std::make_unique<Count>(); }),
               "countRows");
  registry.add(aggregate("count", bigint, {native_type(kBlob)}, [] { return std::make_unique<Count>(); }));
  for (const TypeKind kind : kNumericKinds) {
    const TypePtr type = native_type(kind);
    registry.add(aggregate("sum", type, {type}, sum_body(kind)));
    registry.add(aggregate("avg", type, {type}, average_body(kind)));
  }
  add_extreme(registry, "max", 1);
  add_extreme(registry, "min", -1);
}

}  // namespace keyzone::cql
