// What a server answers: each response as a value, encoded to a body (server) and decoded from one (client,
// simulation). Encoders append the body only: put it in a FrameBuilder with the opcode named beside each.
// What doesn't decode gives Error{kProtocol}. `version` is 3, 4 or 5; fields that a version lacks are left
// out.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/protocol/frame.h"
#include "net/protocol/primitives.h"
#include "net/protocol/result.h"
#include "schema/result.h"
#include "schema/result_set.h"

namespace keyzone::net {

// What may come before the body of a response. The frame's flags must say so: prelude_flags().
struct ResponsePrelude {
  std::optional<Uuid> tracing_id;
  std::vector<std::string> warnings;                          // v4 and later
  std::vector<std::pair<std::string, Bytes>> custom_payload;  // v4 and later
};
uint8_t prelude_flags(const ResponsePrelude& prelude, uint8_t version);
void encode_prelude(Bytes& body, uint8_t version, const ResponsePrelude& prelude);
Result<void> take_prelude(Frame& frame, ResponsePrelude& out);

// --- ERROR ---
struct FailureReason {
  InetAddress replica;
  uint16_t code = 0;
  bool operator==(const FailureReason&) const = default;
};
// Which fields go out depends on the code; the rest is ignored.
struct ErrorResponse {
  ErrorCode code = ErrorCode::kServerError;
  std::string message;
  // kUnavailable (required, alive), kWriteTimeout, kReadTimeout, kReadFailure, kWriteFailure,
  // kCasWriteUnknown
  Consistency consistency = Consistency::kOne;
  int32_t received = 0;  // for kUnavailable: alive
  int32_t required = 0;
  bool data_present = false;  // kReadTimeout, kReadFailure
  std::string write_type;  // kWriteTimeout, kWriteFailure: SIMPLE BATCH UNLOGGED_BATCH COUNTER BATCH_LOG CAS
  uint16_t contentions = 0;             // kWriteTimeout of type CAS, v5
  std::vector<FailureReason> failures;  // kReadFailure, kWriteFailure: v5 sends the map, others its size
  std::string keyspace;                 // kAlreadyExists, kFunctionFailure
  std::string table;  // kAlreadyExists: empty for a keyspace; kFunctionFailure: the function
  std::vector<std::string> argument_types;  // kFunctionFailure
  Bytes unprepared_id;                      // kUnprepared
  bool operator==(const ErrorResponse&) const = default;
};
// A code that `version` doesn't know is sent as the nearest one that it does.
void encode_error(Bytes& body, uint8_t version, const ErrorResponse& error);
Result<ErrorResponse> decode_error(const Frame& frame);

// --- SUPPORTED, AUTHENTICATE, AUTH_CHALLENGE, AUTH_SUCCESS (READY has an empty body) ---
void encode_supported(Bytes& body, const StringMultimap& options);
Result<StringMultimap> decode_supported(const Frame& frame);
// CQL_VERSION, COMPRESSION and PROTOCOL_VERSIONS, as every driver expects them.
StringMultimap supported_options(std::string cql_version, uint8_t max_version);
void encode_authenticate(Bytes& body, BytesView authenticator_class);
Result<std::string> decode_authenticate(const Frame& frame);
void encode_auth_token(Bytes& body, std::optional<BytesView> token);
Result<std::optional<Bytes>> decode_auth_token(const Frame& frame);

// --- RESULT kind 5 and EVENT ---
struct TopologyChange {
  enum class Change : uint8_t { kNewNode, kRemovedNode };
  Change change = Change::kNewNode;
  Inet node;
  bool operator==(const TopologyChange&) const = default;
};
struct StatusChange {
  enum class Change : uint8_t { kUp, kDown };
  Change change = Change::kUp;
  Inet node;
  bool operator==(const StatusChange&) const = default;
};
using Event = std::variant<TopologyChange, StatusChange, SchemaChangeEvent>;
// Opcode kEvent on stream kEventStream. v3 has no functions and aggregates: the keyspace is said to be
// updated.
void encode_event(Bytes& body, uint8_t version, const Event& event);
Result<Event> decode_event(const Frame& frame);
std::string_view event_type(const Event& event);  // the name that REGISTER uses

void encode_schema_change(Bytes& body, uint8_t version, const SchemaChangeEvent& change);

// --- RESULT, all kinds, as a client reads it ---
struct ResultResponse {
  ResultKind kind = ResultKind::kVoid;
  RowsResult rows;           // kRows
  std::string keyspace;      // kSetKeyspace
  PreparedResult prepared;   // kPrepared
  SchemaChangeEvent change;  // kSchemaChange
};
Result<ResultResponse> decode_result(const Frame& frame);

}  // namespace keyzone::net
