// What a client asks: each request as a value, decoded from a frame (server) and encoded to a body (client,
// simulation). Strings and values are views into the frame's body and live as long as it does.
// Bytes that break the protocol give Error{kProtocol}. `version` is 3, 4 or 5.
#pragma once
#include <optional>
#include <vector>

#include "net/protocol/frame.h"
#include "net/protocol/primitives.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone::net {

// What may come before the body of any request. take_prelude cuts it off the frame's body.
struct RequestPrelude {
  bool tracing = false;
  PayloadView custom_payload;
};
Result<void> take_prelude(Frame& frame, RequestPrelude& out);

struct StartupRequest {
  StringMap options;                                    // keys in upper case
  std::string_view option(std::string_view key) const;  // empty if absent
};

// Whether the turn is `opcode`'s on a connection that speaks `version`; 0: its STARTUP was not accepted yet.
Result<void> check_turn(uint8_t version, Opcode opcode);

// What a STARTUP asks for, if we can do it: a CQL_VERSION of 3.x or 4.x, and a compression that `version`
// has. Other options are ignored.
Result<Compression> accept_startup(const StartupRequest& request, uint8_t version);

struct QueryParameters {
  Consistency consistency = Consistency::kOne;
  std::optional<Consistency> serial_consistency;  // any: only conditional writes mind
  std::vector<Value> values;
  std::vector<BytesView> names;  // of the values, if they are named; else empty
  bool skip_metadata = false;
  std::optional<int32_t> page_size;  // rows; a client's 0 or less means no paging and is not given
  std::optional<BytesView> paging_state;
  std::optional<Timestamp> timestamp;     // microseconds
  std::optional<BytesView> keyspace;      // v5
  std::optional<int32_t> now_in_seconds;  // v5
  void clear();                           // keeps the vectors' memory
};

struct QueryRequest {
  BytesView text;
  QueryParameters parameters;
};
struct PrepareRequest {
  BytesView text;
  std::optional<BytesView> keyspace;  // v5
};
struct ExecuteRequest {
  BytesView id;
  BytesView result_metadata_id;  // v5; else empty
  QueryParameters parameters;
};
struct BatchStatement {
  bool prepared = false;
  BytesView text_or_id;
  std::vector<Value> values;
};
struct BatchRequest {
  BatchType type = BatchType::kLogged;
  std::vector<BatchStatement> statements;
  Consistency consistency = Consistency::kOne;
  std::optional<Consistency> serial_consistency;
  std::optional<Timestamp> timestamp;
  std::optional<BytesView> keyspace;      // v5
  std::optional<int32_t> now_in_seconds;  // v5
};
struct RegisterRequest {
  std::vector<BytesView> event_types;  // "TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"
};
struct AuthResponseRequest {
  std::optional<BytesView> token;
};

// REQUIRES: take_prelude was called. `out` is reused: its vectors keep their memory, so that a session
// decodes EXECUTE after EXECUTE without allocating.
Result<void> decode_request(const Frame& frame, StartupRequest& out);
Result<void> decode_request(const Frame& frame, QueryRequest& out);
Result<void> decode_request(const Frame& frame, PrepareRequest& out);
Result<void> decode_request(const Frame& frame, ExecuteRequest& out);
Result<void> decode_request(const Frame& frame, BatchRequest& out);
Result<void> decode_request(const Frame& frame, RegisterRequest& out);
Result<void> decode_request(const Frame& frame, AuthResponseRequest& out);

// OPTIONS has an empty body. What a version doesn't have (keyspace, now_in_seconds, unset) must not be set.
void encode_request(Bytes& body, uint8_t version, const StartupRequest& request);
void encode_request(Bytes& body, uint8_t version, const QueryRequest& request);
void encode_request(Bytes& body, uint8_t version, const PrepareRequest& request);
void encode_request(Bytes& body, uint8_t version, const ExecuteRequest& request);
void encode_request(Bytes& body, uint8_t version, const BatchRequest& request);
void encode_request(Bytes& body, uint8_t version, const RegisterRequest& request);
void encode_request(Bytes& body, uint8_t version, const AuthResponseRequest& request);

}  // namespace keyzone::net
