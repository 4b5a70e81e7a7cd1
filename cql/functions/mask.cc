// mask_null, mask_default, mask_replace, mask_inner, mask_outer, mask_hash.
#include <openssl/evp.h>

#include <algorithm>

#include "cql/functions/registry.h"
#include "schema/text.h"
#include "schema/types/collections.h"
#include "schema/types/native_types.h"
#include "schema/types/timeuuid.h"
#include "schema/types/utf.h"

namespace keyzone::cql {

namespace {

using Shape = Parameter::Shape;
using Arguments = std::span<const FunctionArgument>;

// ---- hash ----

struct Digest {
  std::string_view java_name;
  const char* openssl_name;
};
constexpr Digest kDigests[] = {
    {"MD5", "MD5"},
    {"SHA-1", "SHA1"},
    {"SHA", "SHA1"},
    {"SHA1", "SHA1"},
    {"SHA-224", "SHA224"},
    {"SHA-256", "SHA256"},
    {"SHA-384", "SHA384"},
    {"SHA-512", "SHA512"},
    {"SHA-512/224", "SHA512-224"},
    {"SHA-512/256", "SHA512-256"},
    {"SHA3-224", "SHA3-224"},
    {"SHA3-256", "SHA3-256"},
    {"SHA3-384", "SHA3-384"},
    {"SHA3-512", "SHA3-512"},
};
constexpr std::string_view kDefaultDigest = "SHA-256";

// Null for one that there is not.
const EVP_MD* digest_of(std::string_view algorithm) {
  const auto* digest = std::find_if(std::begin(kDigests), std::end(kDigests), [&](const Digest& d) {
    return lower_case(d.java_name) == lower_case(algorithm);
  });
  return digest == std::end(kDigests) ? nullptr : EVP_get_digestbyname(digest->openssl_name);
}

Result<void> check_algorithm(size_t argument, const FunctionArgument& value) {
  if (argument != 1 || !value || digest_of(*value)) return {};
  return invalid("Hash algorithm not found: " + std::string(*value));
}

Result<FunctionValue> mask_hash(Arguments arguments, FunctionContext&) {
  if (arguments.size() > 1) KEYZONE_CHECK(check_algorithm(1, arguments[1]));
  if (!arguments[0]) return FunctionValue();
  const EVP_MD* digest = digest_of(arguments.size() > 1 && arguments[1] ? *arguments[1] : kDefaultDigest);
  KEYZONE_ASSERT(digest != nullptr);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(arguments[0]->data(), arguments[0]->size(), out, &size, digest, nullptr) != 1) {
    return invalid("this system's cryptography refuses " + std::string(EVP_MD_get0_name(digest)));
  }
  return FunctionValue(Bytes(reinterpret_cast<const char*>(out), size));
}

// ---- inner and outer ----

std::vector<std::string_view> characters(std::string_view utf8) {
  std::vector<std::string_view> found;
  for (size_t at = 0; at < utf8.size();) {
    size_t size = 1;
    while (at + size < utf8.size() && (utf8[at + size] & 0xc0) == 0x80) ++size;
    found.push_back(utf8.substr(at, size));
    at += size;
  }
  return found;
}

// As Java writes text in ASCII.
std::string_view in_ascii(std::string_view character) { return character.size() > 1 ? "?" : character; }

Result<void> check_padding(const std::string& name, size_t argument, const FunctionArgument& value) {
  if (argument != 3 || !value) return {};
  const size_t size = utf16_length(*value);
  if (size == 1) return {};
  return invalid("The padding argument for function system." + name + " should be single-character, but '" +
                 std::string(*value) + "' has " + std::to_string(size) + " characters.");
}

// Covers all but `begin` characters at the start and `end` at the end (inner), or these (outer).
Result<FunctionValue> mask_part(const std::string& name, bool inner, bool ascii, Arguments arguments) {
  if (arguments.size() > 3) KEYZONE_CHECK(check_padding(name, 3, arguments[3]));
  if (!arguments[0]) return FunctionValue();
  const auto count_at = [&](size_t i) -> int64_t {
    return arguments[i] && arguments[i]->size() == 4 ? load_be<int32_t>(arguments[i]->data()) : 0;
  };
  const std::string_view padding =
      arguments.size() > 3 && arguments[3] ? *arguments[3] : std::string_view("*");
  const auto letters = characters(*arguments[0]);
  const int64_t begin = count_at(1), last = static_cast<int64_t>(letters.size()) - 1 - count_at(2);
  Bytes out;
  for (int64_t i = 0; i < static_cast<int64_t>(letters.size()); ++i) {
    const bool within = i >= begin && i <= last;
    const std::string_view shown = within == inner ? padding : letters[static_cast<size_t>(i)];
    out += ascii ? in_ascii(shown) : shown;
  }
  return FunctionValue(std::move(out));
}

void add_mask(Registry& registry, std::string name, std::vector<Parameter> parameters,
              std::function<TypePtr(const std::vector<TypePtr>&)> result,
              std::function<ScalarBody(const std::vector<TypePtr>&)> body, ArgumentCheck check = {}) {
  GenericFunction generic;
  generic.name = std::move(name);
  generic.parameters = std::move(parameters);
  generic.make = [=](const GenericFunction& self, const std::vector<TypePtr>& types, const CallSite&) {
    Function function;
    function.name = self.name;
    function.result = result(types);
    function.parameters = types;
    function.call = body(types);
    function.check = check;
    function.generic = function.masks = true;
    return Result<FunctionPtr>(std::make_shared<const Function>(std::move(function)));
  };
  registry.add(std::move(generic));
}

void add_partial_mask(Registry& registry, const char* name, bool inner) {
  const Parameter count{.shape = Shape::kFixed, .fixed = TypeKind::kInt};
  const Parameter padding{.shape = Shape::kFixed, .fixed = TypeKind::kText, .optional = true};
  add_mask(
      registry, name, {Parameter{.shape = Shape::kString}, count, count, padding},
      [](const std::vector<TypePtr>& types) { return types[0]; },
      [name = std::string(name), inner](const std::vector<TypePtr>& types) -> ScalarBody {
        const bool ascii = types[0]->kind() == TypeKind::kAscii;
        return
            [=](Arguments arguments, FunctionContext&) { return mask_part(name, inner, ascii, arguments); };
      },
      [name = std::string(name)](size_t argument, const FunctionArgument& value) {
        return check_padding(name, argument, value);
      });
}

}  // namespace

Bytes masked_value(const Type& type) {
  switch (type.kind()) {
    case TypeKind::kAscii:
    case TypeKind::kText:
      return "****";
    case TypeKind::kBlob:
    case TypeKind::kEmpty:
      return "";
    case TypeKind::kBoolean:
    case TypeKind::kTinyint:
    case TypeKind::kVarint:
      return Bytes(1, '\0');
    case TypeKind::kSmallint:
      return Bytes(2, '\0');
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kInet:
      return Bytes(4, '\0');
    case TypeKind::kDate:
      return Bytes("\x80\0\0\0", 4);
    case TypeKind::kDecimal:
      return Bytes(5, '\0');
    case TypeKind::kDuration:
      return Bytes(3, '\0');
    case TypeKind::kUuid:
      return Bytes(16, '\0');
    case TypeKind::kTimeuuid:
      return timeuuid_at(0, kTimeuuidLowMin);
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kMap:
      return Bytes(4, '\0');
    case TypeKind::kTuple:
    case TypeKind::kUser: {
      Bytes out;
      for (const TypePtr& field : type.parameters()) append_field(masked_value(*field), out);
      return out;
    }
    case TypeKind::kVector:
      return build_vector(
          type, std::vector<Bytes>(static_cast<size_t>(type.dimension()), masked_value(type.element())));
    default:
      return Bytes(8, '\0');
  }
}

void add_mask_functions(Registry& registry) {
  const auto first = [](const std::vector<TypePtr>& types) { return result_like(types[0]); };
  add_mask(registry, "mask_null", {Parameter{}}, first, [](const std::vector<TypePtr>&) -> ScalarBody {
    return [](Arguments, FunctionContext&) { return Result<FunctionValue>(FunctionValue()); };
  });
  add_mask(registry, "mask_default", {Parameter{}}, first,
           [](const std::vector<TypePtr>& types) -> ScalarBody {
             return [masked = masked_value(*types[0])](Arguments, FunctionContext&) {
               return Result<FunctionValue>(masked);
             };
           });
  add_mask(
      registry, "mask_replace",
      {Parameter{.from_receiver = true},
       Parameter{.from_receiver = true, .same_as = 0, .prefers_other = true}},
      [](const std::vector<TypePtr>& types) { return result_like(types[1]); },
      [](const std::vector<TypePtr>&) -> ScalarBody {
        return [](Arguments arguments, FunctionContext&) -> Result<FunctionValue> {
          return arguments[1] ? FunctionValue(*arguments[1]) : FunctionValue();
        };
      });
  add_mask(
      registry, "mask_hash",
      {Parameter{}, Parameter{.shape = Shape::kFixed, .fixed = TypeKind::kText, .optional = true}},
      [](const std::vector<TypePtr>&) { return native_type(TypeKind::kBlob); },
      [](const std::vector<TypePtr>&) -> ScalarBody { return mask_hash; }, check_algorithm);
  add_partial_mask(registry, "mask_inner", true);
  add_partial_mask(registry, "mask_outer", false);
}

}  // namespace keyzone::cql
