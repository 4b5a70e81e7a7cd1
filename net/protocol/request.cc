#include "net/protocol/request.h"

#include <algorithm>

namespace keyzone::net {
namespace {

enum QueryFlag : uint32_t {
  kHasValues = 0x01,
  kSkipMetadata = 0x02,
  kHasPageSize = 0x04,
  kHasPagingState = 0x08,
  kHasSerialConsistency = 0x10,
  kHasTimestamp = 0x20,
  kHasNames = 0x40,
  kHasKeyspace = 0x80,       // v5
  kHasNowInSeconds = 0x100,  // v5
};
constexpr uint32_t kQueryFlagsOld = 0x7f;
constexpr uint32_t kQueryFlagsNew = 0x1ff;
constexpr uint32_t kPrepareHasKeyspace = 0x01;

// A consistency that is no level fails the reader; this says what it was.
Result<Consistency> read_level(ByteReader& in) {
  const ByteReader before = in;
  const Consistency level = read_consistency(in);
  if (!in.failed()) return level;
  ByteReader again = before;
  const auto number = again.be<uint16_t>();
  if (again.failed()) return level;  // cut short: the caller's check_read() says so
  return protocol_error("Unknown code " + std::to_string(number) + " for a consistency level");
}

constexpr int kCqlMajorMin = 3;

// Of "3.4.7"; nullopt where there are no two numbers.
std::optional<int> major_version(std::string_view version) {
  const auto digit = [&](size_t at) {
    return at < version.size() && version[at] >= '0' && version[at] <= '9';
  };
  size_t end = 0;
  while (digit(end)) ++end;
  constexpr size_t kDigitsMax = 4;
  if (end == 0 || end > kDigitsMax || end >= version.size() || version[end] != '.' || !digit(end + 1))
    return {};
  return std::stoi(std::string(version.substr(0, end)));
}

// Those that nobody has defined are let pass, as in Cassandra.
uint32_t read_query_flags(ByteReader& in, uint8_t version) {
  if (version >= 5) return in.be<uint32_t>() & kQueryFlagsNew;
  return in.byte() & kQueryFlagsOld;
}

void append_query_flags(Bytes& out, uint8_t version, uint32_t flags) {
  KEYZONE_ASSERT(version >= 5 || flags <= kQueryFlagsOld);
  if (version >= 5) return append_be(out, flags);
  out.push_back(static_cast<char>(flags));
}

// What is missing of a text is told apart from what is missing elsewhere, which the caller's check_read()
// says.
Result<BytesView> read_text(ByteReader& in, BytesView (*read)(ByteReader&), int bytes_of_length) {
  if (in.failed()) return BytesView();
  const BytesView text = read(in);
  if (!in.failed()) return text;
  return protocol_error("Not enough bytes to read an UTF8 serialized string preceded by its " +
                        std::to_string(bytes_of_length) + " bytes length");
}
Result<BytesView> read_short_text(ByteReader& in) { return read_text(in, read_string, 2); }
Result<BytesView> read_long_text(ByteReader& in) { return read_text(in, read_long_string, 4); }

Result<Value> read_sized_value(ByteReader& in, uint8_t version) {
  ByteReader again = in;
  const Value value = read_value(in, version >= 4);
  const auto size = again.be<int32_t>();
  if (in.failed() && !again.failed() && size < 0)
    return protocol_error("Invalid ByteBuf length " + std::to_string(size));
  return value;
}

// [short] n, then n values, each with its name before it if `names`.
Result<void> read_values(ByteReader& in, uint8_t version, std::vector<Value>& values,
                         std::vector<BytesView>* names) {
  const size_t count = in.be<uint16_t>();
  values.reserve(std::min(count, in.left() / (names ? 6 : 4)));
  for (size_t i = 0; i < count && !in.failed(); ++i) {
    if (names) {
      KEYZONE_TRY(name, read_short_text(in));
      names->push_back(name);
    }
    KEYZONE_TRY(value, read_sized_value(in, version));
    values.push_back(value);
  }
  return {};
}

void append_values(Bytes& out, const std::vector<Value>& values, const std::vector<BytesView>& names = {}) {
  KEYZONE_ASSERT(values.size() <= UINT16_MAX && (names.empty() || names.size() == values.size()));
  append_be(out, static_cast<uint16_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!names.empty()) append_string(out, names[i]);
    append_value(out, values[i]);
  }
}

Result<std::optional<Timestamp>> read_timestamp(ByteReader& in) {
  const auto timestamp = in.be<int64_t>();
  if (timestamp != kNoTimestamp) return {timestamp};
  return protocol_error("Out of bound timestamp, must be in [" + std::to_string(kNoTimestamp + 1) + ", " +
                        std::to_string(INT64_MAX) + "] (got " + std::to_string(kNoTimestamp) + ")");
}

Result<void> read_parameters(ByteReader& in, uint8_t version, QueryParameters& out) {
  out.clear();
  KEYZONE_TRY(level, read_level(in));
  out.consistency = level;
  const uint32_t flags = read_query_flags(in, version);
  if (flags & kHasValues) {
    KEYZONE_CHECK(read_values(in, version, out.values, flags & kHasNames ? &out.names : nullptr));
  }
  out.skip_metadata = flags & kSkipMetadata;
  if (flags & kHasPageSize) {
    const auto size = in.be<int32_t>();
    if (size == 0 && !in.failed()) return protocol_error("The page size cannot be 0");
    if (size > 0) out.page_size = size;
  }
  if (flags & kHasPagingState) out.paging_state = read_bytes(in);
  if (flags & kHasSerialConsistency) {
    KEYZONE_TRY(serial, read_level(in));
    out.serial_consistency = serial;
  }
  if (flags & kHasTimestamp) {
    KEYZONE_TRY(timestamp, read_timestamp(in));
    out.timestamp = timestamp;
  }
  if (flags & kHasKeyspace) {
    KEYZONE_TRY(keyspace, read_short_text(in));
    out.keyspace = keyspace;
  }
  if (flags & kHasNowInSeconds) out.now_in_seconds = in.be<int32_t>();
  return {};
}

template <class Parameters>
uint32_t common_flags(const Parameters& p) {
  return (p.serial_consistency ? kHasSerialConsistency : 0u) | (p.timestamp ? kHasTimestamp : 0u) |
         (p.keyspace ? kHasKeyspace : 0u) | (p.now_in_seconds ? kHasNowInSeconds : 0u);
}

template <class Parameters>
void append_common(Bytes& out, const Parameters& p) {
  if (p.serial_consistency) append_consistency(out, *p.serial_consistency);
  if (p.timestamp) append_be(out, *p.timestamp);
  if (p.keyspace) append_string(out, *p.keyspace);
  if (p.now_in_seconds) append_be(out, *p.now_in_seconds);
}

void append_parameters(Bytes& out, uint8_t version, const QueryParameters& p) {
  append_consistency(out, p.consistency);
  append_query_flags(out, version,
                     common_flags(p) | (p.values.empty() ? 0u : kHasValues) |
                         (p.names.empty() ? 0u : kHasNames) | (p.skip_metadata ? kSkipMetadata : 0u) |
                         (p.page_size ? kHasPageSize : 0u) | (p.paging_state ? kHasPagingState : 0u));
  if (!p.values.empty()) append_values(out, p.values, p.names);
  if (p.page_size) append_be(out, *p.page_size);
  if (p.paging_state) append_bytes(out, *p.paging_state);
  append_common(out, p);
}

Result<void> read_batch_statement(ByteReader& in, uint8_t version, BatchStatement& out) {
  const auto kind = static_cast<int8_t>(in.byte());
  if (kind != 0 && kind != 1) {
    return protocol_error("Invalid query kind in BATCH messages. Must be 0 or 1 but got " +
                          std::to_string(kind));
  }
  out.prepared = kind == 1;
  if (out.prepared) {
    out.text_or_id = read_short_bytes(in);
  } else {
    KEYZONE_TRY(text, read_long_text(in));
    out.text_or_id = text;
  }
  out.values.clear();
  return read_values(in, version, out.values, nullptr);
}

// The parameters of a query, of which a batch heeds some.
Result<void> read_batch_options(ByteReader& in, uint8_t version, BatchRequest& out) {
  QueryParameters parameters;
  KEYZONE_CHECK(read_parameters(in, version, parameters));
  out.consistency = parameters.consistency;
  out.serial_consistency = parameters.serial_consistency;
  out.timestamp = parameters.timestamp;
  out.keyspace = parameters.keyspace;
  out.now_in_seconds = parameters.now_in_seconds;
  return {};
}

}  // namespace

void QueryParameters::clear() {
  std::vector<Value> kept_values = std::move(values);
  std::vector<BytesView> kept_names = std::move(names);
  kept_values.clear();
  kept_names.clear();
  *this = {};
  values = std::move(kept_values);
  names = std::move(kept_names);
}

std::string_view StartupRequest::option(std::string_view key) const {
  for (const auto& [name, value] : options) {
    if (name == key) return value;
  }
  return {};
}

Result<void> check_turn(uint8_t version, Opcode opcode) {
  const bool started = version != 0, startup = opcode == Opcode::kStartup;
  if (started != startup || opcode == Opcode::kOptions) return {};
  if (started) return protocol_error("Unexpected message STARTUP, the connection is already initialized");
  return protocol_error("Unexpected message " + std::string(to_string(opcode)) +
                        ", expecting STARTUP or OPTIONS");
}

Result<Compression> accept_startup(const StartupRequest& request, uint8_t version) {
  const std::string_view cql = request.option("CQL_VERSION");
  if (cql.empty()) return protocol_error("Missing value CQL_VERSION in STARTUP message");
  const auto major = major_version(cql);
  if (!major) return protocol_error("Invalid version value: " + std::string(cql));
  if (*major < kCqlMajorMin) {
    return protocol_error("CQL version " + std::string(cql) +
                          " is not supported by the binary protocol (supported version are >= 3.0.0)");
  }
  std::string wanted(request.option("COMPRESSION"));
  for (char& c : wanted) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (wanted.empty() || wanted == "none") return Compression::kNone;
  if (wanted == to_string(Compression::kLz4)) return Compression::kLz4;
  if (wanted == to_string(Compression::kSnappy)) {
    if (version >= 5) return protocol_error("Snappy compression is not supported in protocol V5");
    return Compression::kSnappy;
  }
  return protocol_error("Unknown compression algorithm: " + wanted);
}

Result<void> take_prelude(Frame& frame, RequestPrelude& out) {
  out.tracing = frame.flags & kFlagTracing;
  out.custom_payload.clear();
  if (!(frame.flags & kFlagCustomPayload)) return {};
  if (frame.version < 4)
    return protocol_error("Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4");
  ByteReader in(frame.body);
  out.custom_payload = read_bytes_map(in);
  if (in.failed()) return protocol_error("a truncated or malformed custom payload");
  frame.body = in.rest();
  return {};
}

Result<void> decode_request(const Frame& frame, StartupRequest& out) {
  ByteReader in(frame.body);
  out.options = read_string_map(in);
  for (auto& [key, value] : out.options) {
    for (char& c : key) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return check_read(in, "STARTUP");
}

Result<void> decode_request(const Frame& frame, QueryRequest& out) {
  ByteReader in(frame.body);
  KEYZONE_TRY(text, read_long_text(in));
  out.text = text;
  KEYZONE_CHECK(read_parameters(in, frame.version, out.parameters));
  return check_read(in, "QUERY");
}

Result<void> decode_request(const Frame& frame, PrepareRequest& out) {
  ByteReader in(frame.body);
  KEYZONE_TRY(text, read_long_text(in));
  out.text = text;
  out.keyspace.reset();
  if (frame.version >= 5 && (in.be<uint32_t>() & kPrepareHasKeyspace)) {
    KEYZONE_TRY(keyspace, read_short_text(in));
    out.keyspace = keyspace;
  }
  return check_read(in, "PREPARE");
}

Result<void> decode_request(const Frame& frame, ExecuteRequest& out) {
  ByteReader in(frame.body);
  out.id = read_short_bytes(in);
  out.result_metadata_id = frame.version >= 5 ? read_short_bytes(in) : BytesView();
  KEYZONE_CHECK(read_parameters(in, frame.version, out.parameters));
  return check_read(in, "EXECUTE");
}

Result<void> decode_request(const Frame& frame, BatchRequest& out) {
  ByteReader in(frame.body);
  const auto type = static_cast<int8_t>(in.byte());
  if (type < 0 || type > static_cast<int8_t>(BatchType::kCounter)) {
    return protocol_error("Invalid BATCH message type " + std::to_string(type));
  }
  out.type = static_cast<BatchType>(type);
  const size_t count = in.be<uint16_t>();
  constexpr size_t kLeastStatement = 5;  // kind, an empty id, no values
  out.statements.resize(std::min(count, in.left() / kLeastStatement));
  for (auto& statement : out.statements) KEYZONE_CHECK(read_batch_statement(in, frame.version, statement));
  if (out.statements.size() < count) {  // what is wrong with the first that can't be there
    BatchStatement missing;
    KEYZONE_CHECK(read_batch_statement(in, frame.version, missing));
    in.fail();
  }
  if (in.failed()) return check_read(in, "BATCH");
  KEYZONE_CHECK(read_batch_options(in, frame.version, out));
  return check_read(in, "BATCH");
}

Result<void> decode_request(const Frame& frame, RegisterRequest& out) {
  ByteReader in(frame.body);
  out.event_types.clear();
  const size_t count = in.be<uint16_t>();
  for (size_t i = 0; i < count && !in.failed(); ++i) {
    KEYZONE_TRY(name, read_short_text(in));
    out.event_types.push_back(name);
  }
  return check_read(in, "REGISTER");
}

Result<void> decode_request(const Frame& frame, AuthResponseRequest& out) {
  ByteReader in(frame.body);
  out.token = read_bytes(in);
  return check_read(in, "AUTH_RESPONSE");
}

void encode_request(Bytes& body, uint8_t, const StartupRequest& request) {
  append_string_map(body, request.options);
}

void encode_request(Bytes& body, uint8_t version, const QueryRequest& request) {
  append_long_string(body, request.text);
  append_parameters(body, version, request.parameters);
}

void encode_request(Bytes& body, uint8_t version, const PrepareRequest& request) {
  KEYZONE_ASSERT(version >= 5 || !request.keyspace);
  append_long_string(body, request.text);
  if (version < 5) return;
  append_be(body, request.keyspace ? kPrepareHasKeyspace : 0u);
  if (request.keyspace) append_string(body, *request.keyspace);
}

void encode_request(Bytes& body, uint8_t version, const ExecuteRequest& request) {
  append_short_bytes(body, request.id);
  if (version >= 5) append_short_bytes(body, request.result_metadata_id);
  append_parameters(body, version, request.parameters);
}

void encode_request(Bytes& body, uint8_t version, const BatchRequest& request) {
  KEYZONE_ASSERT(request.statements.size() <= UINT16_MAX);
  body.push_back(static_cast<char>(request.type));
  append_be(body, static_cast<uint16_t>(request.statements.size()));
  for (const auto& statement : request.statements) {
    body.push_back(statement.prepared ? 1 : 0);
    statement.prepared ? append_short_bytes(body, statement.text_or_id)
                       : append_long_string(body, statement.text_or_id);
    append_values(body, statement.values);
  }
  append_consistency(body, request.consistency);
  append_query_flags(body, version, common_flags(request));
  append_common(body, request);
}

void encode_request(Bytes& body, uint8_t, const RegisterRequest& request) {
  append_be(body, static_cast<uint16_t>(request.event_types.size()));
  for (const BytesView type : request.event_types) append_string(body, type);
}

void encode_request(Bytes& body, uint8_t, const AuthResponseRequest& request) {
  request.token ? append_bytes(body, *request.token) : append_null(body);
}

}  // namespace keyzone::net
