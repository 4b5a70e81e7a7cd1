// inet: 4 or 16 bytes, ordered as such.
#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "schema/text.h"
#include "schema/types/hex.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr std::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

// One to four numbers between points, as Java (and inet_aton) read them; the last fills the bytes that are
// left.
std::optional<Bytes> parse_v4(std::string_view text) {
  constexpr size_t kLengthMax = 15;
  if (text.size() > kLengthMax) return std::nullopt;
  uint64_t last = 0;
  Bytes out;
  bool digits = false;
  for (const char c : text) {
    if (c == '.') {
      if (!digits || last > 0xff || out.size() == 3) return std::nullopt;
      out.push_back(static_cast<char>(last));
      last = 0;
      digits = false;
    } else {
      if (c < '0' || c > '9') return std::nullopt;
      last = last * 10 + static_cast<uint64_t>(c - '0');
      digits = true;
    }
  }
  const size_t left = 4 - out.size();
  if (!digits || last >> (8 * left) != 0) return std::nullopt;
  for (size_t i = left; i > 0; --i) out.push_back(static_cast<char>(last >> (8 * (i - 1))));
  return out;
}

class InetType final : public NativeType {
 public:
  InetType() : NativeType(TypeKind::kInet) {}

  Result<void> validate(BytesView wire) const override {
    if (wire.empty() || wire.size() == 4 || wire.size() == 16) return {};
    return invalid("Expected 4 or 16 byte inetaddress; got " + to_hex(wire));
  }
  // Addresses only: a database does not ask DNS what a literal means, but for the one name that always means
  // the same.
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    std::string address(text);
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
      address = text.substr(1, text.size() - 2);
    if (lower_case(address) == "localhost") address = "127.0.0.1";
    if (const auto bytes = parse_v4(address)) return *bytes;
    if (const size_t scope = address.find('%'); scope != address.npos) {  // it is not part of the value
      if (!all_digits(std::string_view(address).substr(scope + 1))) address.clear();
      address.resize(std::min(scope, address.size()));
    }
    char bytes[16];
    if (inet_pton(AF_INET6, address.c_str(), bytes) == 1) {
      const Bytes wire(bytes, 16);
      return wire.starts_with(kMappedPrefix) ? wire.substr(kMappedPrefix.size()) : wire;  // as Java has it
    }
    return invalid("Unable to make inet address from " + in_quotes(text));
  }
  std::string to_cql_literal(BytesView wire) const override {
    return wire.empty() ? "null" : in_quotes(text(wire));
  }
  std::string to_json(BytesView wire) const override { return "\"" + text(wire) + "\""; }

 protected:
  void append_ordered_body(BytesView wire, Bytes& out) const override { append_escaped(wire, out); }
  bool read_ordered_body(OrderedReader& in, Bytes& out) const override { return in.escaped(out); }
  Result<Bytes> from_json_value(const JsonValue& json) const override {
    if (json.kind == JsonValue::Kind::kString) return from_text(json.text);
    return json_mismatch("a string representation of an inet value", json);
  }

 private:
  // Java's getHostAddress: all eight groups of an IPv6 address, without leading zeros.
  static std::string text(BytesView wire) {
    std::string out;
    if (wire.size() == 4) {
      for (const char c : wire) out += (out.empty() ? "" : ".") + std::to_string(static_cast<uint8_t>(c));
    }
    for (size_t i = 0; wire.size() == 16 && i < 16; i += 2) {
      char group[8];
      const auto end = std::to_chars(group, group + sizeof group, load_be<uint16_t>(wire.data() + i), 16).ptr;
      if (i > 0) out += ':';
      out.append(group, end);
    }
    return out;
  }
};

}  // namespace

TypePtr make_inet_type() { return std::make_shared<InetType>(); }

}  // namespace keyzone
