#include "net/protocol/response.h"

namespace keyzone::net {
namespace {

// What a client of `version` is told instead of a code that it doesn't know.
ErrorCode code_for(uint8_t version, ErrorCode code) {
  if (version < 5 && code == ErrorCode::kCasWriteUnknown) return ErrorCode::kWriteTimeout;
  if (version < 5 && code == ErrorCode::kCdcWriteFailure) return ErrorCode::kWriteFailure;
  if (version >= 4) return code;
  if (code == ErrorCode::kWriteFailure) return ErrorCode::kWriteTimeout;
  if (code == ErrorCode::kReadFailure) return ErrorCode::kReadTimeout;
  if (code == ErrorCode::kFunctionFailure) return ErrorCode::kInvalid;
  return code;
}

std::string message_of(ErrorCode code, const ErrorResponse& error) {
  if (code == error.code) return error.message;
  if (code == ErrorCode::kInvalid) return "ERROR FUNCTION_FAILURE: " + error.message;
  if (code != ErrorCode::kReadTimeout && code != ErrorCode::kWriteTimeout) return error.message;
  return "Operation timed out - received only " + std::to_string(error.received) + " responses.";
}

void append_counts(Bytes& body, const ErrorResponse& error) {
  append_consistency(body, error.consistency);
  append_be(body, error.received);
  append_be(body, error.required);
}

void append_failures(Bytes& body, uint8_t version, const std::vector<FailureReason>& failures) {
  append_be(body, static_cast<int32_t>(failures.size()));
  if (version < 5) return;
  for (const auto& failure : failures) {
    append_inet_address(body, failure.replica);
    append_be(body, failure.code);
  }
}

void append_write_type(Bytes& body, const ErrorResponse& error) {
  const bool unknown_cas = error.code == ErrorCode::kCasWriteUnknown;
  const std::string_view fallback = unknown_cas                                 ? "CAS"
                                    : error.code == ErrorCode::kCdcWriteFailure ? "CDC"
                                                                                : "SIMPLE";
  append_string(body, error.write_type.empty() ? fallback : std::string_view(error.write_type));
}

void append_error_details(Bytes& body, uint8_t version, ErrorCode code, const ErrorResponse& error) {
  switch (code) {
    case ErrorCode::kUnavailable:
      append_consistency(body, error.consistency);
      append_be(body, error.required);
      append_be(body, error.received);
      return;
    case ErrorCode::kWriteTimeout:
      append_counts(body, error);
      append_write_type(body, error);
      if (version >= 5 && error.write_type == "CAS") append_be(body, error.contentions);
      return;
    case ErrorCode::kReadTimeout:
      append_counts(body, error);
      body.push_back(error.data_present);
      return;
    case ErrorCode::kReadFailure:
      append_counts(body, error);
      append_failures(body, version, error.failures);
      body.push_back(error.data_present);
      return;
    case ErrorCode::kWriteFailure:
      append_counts(body, error);
      append_failures(body, version, error.failures);
      append_write_type(body, error);
      return;
    case ErrorCode::kCasWriteUnknown:
      return append_counts(body, error);
    case ErrorCode::kFunctionFailure:
      append_string(body, error.keyspace);
      append_string(body, error.table);
      return append_string_list(body, error.argument_types);
    case ErrorCode::kAlreadyExists:
      append_string(body, error.keyspace);
      return append_string(body, error.table);
    case ErrorCode::kUnprepared:
      return append_short_bytes(body, error.unprepared_id);
    default:
      return;
  }
}

void read_counts(ByteReader& in, ErrorResponse& out) {
  out.consistency = read_consistency(in);
  out.received = in.be<int32_t>();
  out.required = in.be<int32_t>();
}

void read_failures(ByteReader& in, uint8_t version, ErrorResponse& out) {
  const auto count = in.be<int32_t>();
  constexpr size_t kLeastFailure = 7;
  if (count < 0 || count > UINT16_MAX) return in.fail();
  if (version >= 5 && static_cast<size_t>(count) * kLeastFailure > in.left()) return in.fail();
  out.failures.resize(static_cast<size_t>(count));
  for (auto& failure : out.failures) {
    if (version < 5 || in.failed()) break;
    failure.replica = read_inet_address(in);
    failure.code = in.be<uint16_t>();
  }
}

void read_error_details(ByteReader& in, uint8_t version, ErrorResponse& out) {
  switch (out.code) {
    case ErrorCode::kUnavailable:
      out.consistency = read_consistency(in);
      out.required = in.be<int32_t>();
      out.received = in.be<int32_t>();
      return;
    case ErrorCode::kWriteTimeout:
      read_counts(in, out);
      out.write_type = read_string(in);
      if (version >= 5 && out.write_type == "CAS") out.contentions = in.be<uint16_t>();
      return;
    case ErrorCode::kReadTimeout:
      read_counts(in, out);
      out.data_present = in.byte() != 0;
      return;
    case ErrorCode::kReadFailure:
      read_counts(in, out);
      read_failures(in, version, out);
      out.data_present = in.byte() != 0;
      return;
    case ErrorCode::kWriteFailure:
      read_counts(in, out);
      read_failures(in, version, out);
      out.write_type = read_string(in);
      return;
    case ErrorCode::kCasWriteUnknown:
      return read_counts(in, out);
    case ErrorCode::kFunctionFailure:
      out.keyspace = read_string(in);
      out.table = read_string(in);
      out.argument_types = read_string_list(in);
      return;
    case ErrorCode::kAlreadyExists:
      out.keyspace = read_string(in);
      out.table = read_string(in);
      return;
    case ErrorCode::kUnprepared:
      out.unprepared_id = read_short_bytes(in);
      return;
    default:
      return;
  }
}

bool takes_arguments(std::string_view target) { return target == "FUNCTION" || target == "AGGREGATE"; }

// change, target, keyspace and the rest: the same in RESULT and in EVENT.
void append_change(Bytes& body, uint8_t version, const SchemaChangeEvent& change) {
  if (version < 4 && takes_arguments(change.target)) {
    append_string(body, "UPDATED");
    append_string(body, "KEYSPACE");
    return append_string(body, change.keyspace);
  }
  append_string(body, change.change);
  append_string(body, change.target);
  append_string(body, change.keyspace);
  if (change.target == "KEYSPACE") return;
  append_string(body, change.name);
  if (takes_arguments(change.target)) append_string_list(body, change.arguments);
}

SchemaChangeEvent read_change(ByteReader& in) {
  SchemaChangeEvent change;
  change.change = read_string(in);
  change.target = read_string(in);
  change.keyspace = read_string(in);
  if (change.change != "CREATED" && change.change != "UPDATED" && change.change != "DROPPED") in.fail();
  if (change.target == "KEYSPACE") return change;
  if (change.target != "TABLE" && change.target != "TYPE" && !takes_arguments(change.target)) in.fail();
  change.name = read_string(in);
  if (takes_arguments(change.target)) change.arguments = read_string_list(in);
  return change;
}

constexpr std::string_view kTopologyChange = "TOPOLOGY_CHANGE";
constexpr std::string_view kStatusChange = "STATUS_CHANGE";
constexpr std::string_view kSchemaChange = "SCHEMA_CHANGE";

// Which of two words comes next; fails on any other.
bool read_either(ByteReader& in, std::string_view yes, std::string_view no) {
  const BytesView word = read_string(in);
  if (word != yes && word != no) in.fail();
  return word == yes;
}

}  // namespace

uint8_t prelude_flags(const ResponsePrelude& prelude, uint8_t version) {
  int flags = prelude.tracing_id ? kFlagTracing : 0;
  if (version >= 4 && !prelude.warnings.empty()) flags |= kFlagWarning;
  if (version >= 4 && !prelude.custom_payload.empty()) flags |= kFlagCustomPayload;
  return static_cast<uint8_t>(flags);
}

void encode_prelude(Bytes& body, uint8_t version, const ResponsePrelude& prelude) {
  const uint8_t flags = prelude_flags(prelude, version);
  if (flags & kFlagTracing) append_uuid(body, *prelude.tracing_id);
  if (flags & kFlagWarning) {
    append_be(body, static_cast<uint16_t>(prelude.warnings.size()));
    for (const auto& warning : prelude.warnings) append_clipped_string(body, warning);
  }
  if (flags & kFlagCustomPayload) {
    append_be(body, static_cast<uint16_t>(prelude.custom_payload.size()));
    for (const auto& [key, value] : prelude.custom_payload) {
      append_string(body, key);
      append_bytes(body, value);
    }
  }
}

Result<void> take_prelude(Frame& frame, ResponsePrelude& out) {
  out = {};
  ByteReader in(frame.body);
  if (frame.flags & kFlagTracing) out.tracing_id = read_uuid(in);
  if (frame.flags & kFlagWarning) out.warnings = read_string_list(in);
  if (frame.flags & kFlagCustomPayload) {
    for (const auto& [key, value] : read_bytes_map(in)) out.custom_payload.emplace_back(key, value.bytes);
  }
  if (in.failed()) return protocol_error("a response with a truncated or malformed head");
  frame.body = in.rest();
  return {};
}

void encode_error(Bytes& body, uint8_t version, const ErrorResponse& error) {
  const ErrorCode code = code_for(version, error.code);
  append_be(body, static_cast<int32_t>(code));
  append_clipped_string(body, message_of(code, error));
  append_error_details(body, version, code, error);
}

Result<ErrorResponse> decode_error(const Frame& frame) {
  ByteReader in(frame.body);
  ErrorResponse out;
  out.code = static_cast<ErrorCode>(in.be<int32_t>());
  out.message = read_string(in);
  read_error_details(in, frame.version, out);
  KEYZONE_CHECK(check_end(in, "ERROR"));
  return out;
}

void encode_supported(Bytes& body, const StringMultimap& options) { append_string_multimap(body, options); }

Result<StringMultimap> decode_supported(const Frame& frame) {
  ByteReader in(frame.body);
  StringMultimap out = read_string_multimap(in);
  KEYZONE_CHECK(check_end(in, "SUPPORTED"));
  return out;
}

StringMultimap supported_options(std::string cql_version, uint8_t max_version) {
  return {{"PROTOCOL_VERSIONS", version_names(max_version)},
          {"COMPRESSION",
           {std::string(to_string(Compression::kSnappy)), std::string(to_string(Compression::kLz4))}},
          {"CQL_VERSION", {std::move(cql_version)}}};
}

void encode_authenticate(Bytes& body, BytesView authenticator_class) {
  append_string(body, authenticator_class);
}

Result<std::string> decode_authenticate(const Frame& frame) {
  ByteReader in(frame.body);
  std::string out(read_string(in));
  KEYZONE_CHECK(check_end(in, "AUTHENTICATE"));
  return out;
}

void encode_auth_token(Bytes& body, std::optional<BytesView> token) {
  token ? append_bytes(body, *token) : append_null(body);
}

Result<std::optional<Bytes>> decode_auth_token(const Frame& frame) {
  ByteReader in(frame.body);
  const auto token = read_bytes(in);
  KEYZONE_CHECK(check_end(in, "AUTH_CHALLENGE or AUTH_SUCCESS"));
  return token ? std::optional<Bytes>(*token) : std::nullopt;
}

std::string_view event_type(const Event& event) {
  switch (event.index()) {
    case 0:
      return kTopologyChange;
    case 1:
      return kStatusChange;
    default:
      return kSchemaChange;
  }
}

void encode_event(Bytes& body, uint8_t version, const Event& event) {
  append_string(body, event_type(event));
  if (const auto* topology = std::get_if<TopologyChange>(&event)) {
    append_string(body, topology->change == TopologyChange::Change::kNewNode ? "NEW_NODE" : "REMOVED_NODE");
    append_inet(body, topology->node);
  } else if (const auto* status = std::get_if<StatusChange>(&event)) {
    append_string(body, status->change == StatusChange::Change::kUp ? "UP" : "DOWN");
    append_inet(body, status->node);
  } else {
    append_change(body, version, std::get<SchemaChangeEvent>(event));
  }
}

Result<Event> decode_event(const Frame& frame) {
  ByteReader in(frame.body);
  Event event;
  const BytesView type = read_string(in);
  if (type == kTopologyChange) {
    using Change = TopologyChange::Change;
    const auto change = read_either(in, "NEW_NODE", "REMOVED_NODE") ? Change::kNewNode : Change::kRemovedNode;
    event = TopologyChange{change, read_inet(in)};
  } else if (type == kStatusChange) {
    const auto change =
        read_either(in, "UP", "DOWN") ? StatusChange::Change::kUp : StatusChange::Change::kDown;
    event = StatusChange{change, read_inet(in)};
  } else if (type == kSchemaChange) {
    event = read_change(in);
  } else {
    in.fail();
  }
  KEYZONE_CHECK(check_end(in, "EVENT"));
  return event;
}

void encode_schema_change(Bytes& body, uint8_t version, const SchemaChangeEvent& change) {
  append_be(body, static_cast<int32_t>(ResultKind::kSchemaChange));
  append_change(body, version, change);
}

Result<ResultResponse> decode_result(const Frame& frame) {
  ByteReader in(frame.body);
  ResultResponse out;
  out.kind = static_cast<ResultKind>(in.be<int32_t>());
  switch (out.kind) {
    case ResultKind::kVoid:
      break;
    case ResultKind::kRows:
      out.rows = read_rows(in, frame.version);
      break;
    case ResultKind::kSetKeyspace:
      out.keyspace = read_string(in);
      break;
    case ResultKind::kPrepared:
      out.prepared = read_prepared(in, frame.version);
      break;
    case ResultKind::kSchemaChange:
      out.change = read_change(in);
      break;
    default:
      in.fail();
  }
  KEYZONE_CHECK(check_end(in, "RESULT"));
  return out;
}

}  // namespace keyzone::net
