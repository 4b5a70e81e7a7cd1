// inet: 4 or 16 bytes, ordered as such.
#include <arpa/inet.h>

#include <charconv>

#include "schema/types/hex.h"
#include "schema/types/native_types.h"

namespace keyzone {

namespace {

constexpr std::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

class InetType final : public NativeType {
 public:
  InetType() : NativeType(TypeKind::kInet) {}

  Result<void> validate(BytesView wire) const override {
    if (wire.empty() || wire.size() == 4 || wire.size() == 16) return {};
    return invalid("Expected 4 or 16 byte inetaddress; got " + to_hex(wire));
  }
  // Addresses only: a database does not ask DNS what a literal means.
  Result<Bytes> from_text(std::string_view text) const override {
    if (text.empty()) return Bytes();
    std::string address(text);
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
      address = text.substr(1, text.size() - 2);
    address = address.substr(0, address.find('%'));  // a scope is not part of the value
    char bytes[16];
    if (inet_pton(AF_INET, address.c_str(), bytes) == 1) return Bytes(bytes, 4);
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
