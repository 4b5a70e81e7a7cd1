#include "net/protocol/primitives.h"

#include <arpa/inet.h>

namespace keyzone::net {
namespace {

constexpr size_t kMaxShort = 0xffff;
constexpr int32_t kNullLength = -1;
constexpr int32_t kUnsetLength = -2;

// A [short] count of things of at least `least` bytes each; fails if that many can't be left.
size_t read_count(ByteReader& in, size_t least) {
  const size_t count = in.be<uint16_t>();
  if (count * least <= in.left()) return count;
  in.fail();
  return 0;
}

void append_short(Bytes& out, size_t v) {
  KEYZONE_ASSERT(v <= kMaxShort);
  append_be(out, static_cast<uint16_t>(v));
}

void append_int_length(Bytes& out, size_t v) {
  KEYZONE_ASSERT(v <= INT32_MAX);
  append_be(out, static_cast<int32_t>(v));
}

}  // namespace

std::string InetAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text) ? text : "";
}

Result<InetAddress> InetAddress::parse(std::string_view text) {
  const std::string terminated(text);
  InetAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.size = 16;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return invalid("'" + terminated + "' is not a numeric IP address");
}

std::optional<InetAddress> InetAddress::from_bytes(BytesView bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  InetAddress address;
  address.size = static_cast<uint8_t>(bytes.size());
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}

Error protocol_error(std::string message) { return {ErrorKind::kProtocol, std::move(message)}; }

Result<void> check_read(const ByteReader& in, const char* what) {
  if (in.failed()) return protocol_error(std::string("a truncated or malformed ") + what);
  return {};
}

Result<void> check_end(const ByteReader& in, const char* what) {
  KEYZONE_CHECK(check_read(in, what));
  if (!in.done()) return protocol_error(std::string("bytes left over after a ") + what);
  return {};
}

BytesView read_string(ByteReader& in) { return in.bytes(in.be<uint16_t>()); }

BytesView read_long_string(ByteReader& in) {
  const auto size = in.be<int32_t>();
  if (size >= 0) return in.bytes(static_cast<size_t>(size));
  in.fail();
  return {};
}

Value read_value(ByteReader& in, bool may_be_unset) {
  const auto size = in.be<int32_t>();
  if (in.failed()) return {};
  if (size >= 0) return Value::of(in.bytes(static_cast<size_t>(size)));
  if (!may_be_unset) return {};
  if (size == kUnsetLength) return Value::unset();
  if (size != kNullLength) in.fail();
  return {};
}

std::optional<BytesView> read_bytes(ByteReader& in) {
  const auto size = in.be<int32_t>();
  if (size < 0) return std::nullopt;
  return in.bytes(static_cast<size_t>(size));
}

BytesView read_short_bytes(ByteReader& in) { return read_string(in); }

std::vector<std::string> read_string_list(ByteReader& in) {
  const size_t count = read_count(in, 2);
  std::vector<std::string> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) list.emplace_back(read_string(in));
  return list;
}

StringMap read_string_map(ByteReader& in) {
  const size_t count = read_count(in, 4);
  StringMap map;
  map.reserve(count);
  for (size_t i = 0; i < count && !in.failed(); ++i) {
    std::string key(read_string(in));
    map.emplace_back(std::move(key), read_string(in));
  }
  return map;
}

StringMultimap read_string_multimap(ByteReader& in) {
  const size_t count = read_count(in, 4);
  StringMultimap map;
  map.reserve(count);
  for (size_t i = 0; i < count && !in.failed(); ++i) {
    std::string key(read_string(in));
    map.emplace_back(std::move(key), read_string_list(in));
  }
  return map;
}

PayloadView read_bytes_map(ByteReader& in) {
  const size_t count = read_count(in, 6);
  PayloadView map;
  map.reserve(count);
  for (size_t i = 0; i < count && !in.failed(); ++i) {
    const BytesView key = read_string(in);
    const auto bytes = read_bytes(in);
    map.emplace_back(key, bytes ? Value::of(*bytes) : Value::null());
  }
  return map;
}

InetAddress read_inet_address(ByteReader& in) {
  const BytesView bytes = in.bytes(in.byte());
  if (const auto address = InetAddress::from_bytes(bytes)) return *address;
  in.fail();
  return {};
}

Inet read_inet(ByteReader& in) {
  Inet inet{read_inet_address(in), 0};
  inet.port = in.be<int32_t>();
  return inet;
}

Consistency read_consistency(ByteReader& in) {
  const auto number = in.be<uint16_t>();
  if (number > static_cast<uint16_t>(Consistency::kNodeLocal)) in.fail();
  return in.failed() ? Consistency::kAny : static_cast<Consistency>(number);
}

Uuid read_uuid(ByteReader& in) {
  Uuid uuid;
  const BytesView bytes = in.bytes(uuid.bytes.size());
  if (!bytes.empty()) std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
  return uuid;
}

void append_string(Bytes& out, BytesView v) {
  append_short(out, v.size());
  out.append(v);
}

void append_clipped_string(Bytes& out, BytesView v) {
  if (v.size() > kMaxShort) {
    size_t end = kMaxShort;
    while (end > 0 && (static_cast<uint8_t>(v[end]) & 0xc0) == 0x80) --end;  // not within a character
    v = v.substr(0, end);
  }
  append_string(out, v);
}

void append_long_string(Bytes& out, BytesView v) { append_bytes(out, v); }

void append_value(Bytes& out, const Value& v) {
  if (v.is_set()) return append_bytes(out, v.bytes);
  append_be(out, v.is_null() ? kNullLength : kUnsetLength);
}

void append_bytes(Bytes& out, BytesView v) {
  append_int_length(out, v.size());
  out.append(v);
}

void append_null(Bytes& out) { append_be(out, kNullLength); }

void append_short_bytes(Bytes& out, BytesView v) { append_string(out, v); }

void append_string_list(Bytes& out, const std::vector<std::string>& v) {
  append_short(out, v.size());
  for (const auto& item : v) append_string(out, item);
}

void append_string_map(Bytes& out, const StringMap& v) {
  append_short(out, v.size());
  for (const auto& [key, value] : v) {
    append_string(out, key);
    append_string(out, value);
  }
}

void append_string_multimap(Bytes& out, const StringMultimap& v) {
  append_short(out, v.size());
  for (const auto& [key, values] : v) {
    append_string(out, key);
    append_string_list(out, values);
  }
}

void append_bytes_map(Bytes& out, const PayloadView& v) {
  append_short(out, v.size());
  for (const auto& [key, value] : v) {
    append_string(out, key);
    append_value(out, value);
  }
}

void append_inet_address(Bytes& out, const InetAddress& v) {
  out.push_back(static_cast<char>(v.size));
  out.append(v.view());
}

void append_inet(Bytes& out, const Inet& v) {
  append_inet_address(out, v.address);
  append_be(out, v.port);
}

void append_consistency(Bytes& out, Consistency v) { append_be(out, static_cast<uint16_t>(v)); }

void append_uuid(Bytes& out, const Uuid& v) {
  out.append(reinterpret_cast<const char*>(v.bytes.data()), v.bytes.size());
}

}  // namespace keyzone::net
