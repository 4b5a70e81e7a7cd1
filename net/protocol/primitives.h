// The notations of the native protocol ([string], [bytes], [inet], ...). Readers take from a ByteReader and
// leave it failed() when bytes are missing or a count can't be true; what they give are views into the same
// bytes. Writers append to a buffer.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/protocol/constants.h"
#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/value.h"

namespace keyzone::net {

using keyzone::Value;  // a [value] of a request or [bytes] of a row

// An IPv4 (4 bytes) or IPv6 (16 bytes) address in network order.
struct InetAddress {
  std::array<uint8_t, 16> bytes{};
  uint8_t size = 4;
  bool operator==(const InetAddress&) const = default;
  BytesView view() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }
  std::string to_string() const;                            // "10.0.0.1", "2001:db8::1"
  static Result<InetAddress> parse(std::string_view text);  // numeric only: no name is looked up
  static std::optional<InetAddress> from_bytes(BytesView);  // 4 or 16 bytes
};
struct Inet {  // [inet]
  InetAddress address;
  int32_t port = 0;
  bool operator==(const Inet&) const = default;
};

using StringMap = std::vector<std::pair<std::string, std::string>>;  // in wire order
using StringMultimap = std::vector<std::pair<std::string, std::vector<std::string>>>;
using PayloadView = std::vector<std::pair<BytesView, Value>>;  // [bytes map]

// --- reading ---
Error protocol_error(std::string message);
// What every decoder ends with: no byte is missing. `what` is the message's name.
Result<void> check_read(const ByteReader& in, const char* what);
// And none is left over: of what a server says.
Result<void> check_end(const ByteReader& in, const char* what);
BytesView read_string(ByteReader& in);
BytesView read_long_string(ByteReader& in);
// -1 null; -2 unset where allowed, and other negatives fail there; else all are null
Value read_value(ByteReader& in, bool may_be_unset);
std::optional<BytesView> read_bytes(ByteReader& in);  // any negative length is null
BytesView read_short_bytes(ByteReader& in);
std::vector<std::string> read_string_list(ByteReader& in);
StringMap read_string_map(ByteReader& in);
StringMultimap read_string_multimap(ByteReader& in);
PayloadView read_bytes_map(ByteReader& in);
InetAddress read_inet_address(ByteReader& in);
Inet read_inet(ByteReader& in);
Consistency read_consistency(ByteReader& in);  // an unknown number fails
Uuid read_uuid(ByteReader& in);

// --- writing. REQUIRES: strings, short bytes and lists up to 65,535; longer error texts: see clip_string ---
void append_string(Bytes& out, BytesView v);
void append_clipped_string(Bytes& out, BytesView v);  // for our messages: cut at a UTF-8 boundary if too long
void append_long_string(Bytes& out, BytesView v);
void append_value(Bytes& out, const Value& v);
void append_bytes(Bytes& out, BytesView v);
void append_null(Bytes& out);
void append_short_bytes(Bytes& out, BytesView v);
void append_string_list(Bytes& out, const std::vector<std::string>& v);
void append_string_map(Bytes& out, const StringMap& v);
void append_string_multimap(Bytes& out, const StringMultimap& v);
void append_bytes_map(Bytes& out, const PayloadView& v);
void append_inet_address(Bytes& out, const InetAddress& v);
void append_inet(Bytes& out, const Inet& v);
void append_consistency(Bytes& out, Consistency v);
void append_uuid(Bytes& out, const Uuid& v);

}  // namespace keyzone::net
