// A CQL client without sockets or threads: give it a ByteStream's bytes, call it, and it calls back. Used by
// `keyzone bench` and by the clients of the simulation.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/protocol/frame.h"
#include "net/protocol/request.h"
#include "net/protocol/response.h"
#include "net/stream.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone::net {

// What came back for one request. Views in it (cells of rows) live during the callback only.
struct ClientReply {
  enum class Outcome : uint8_t { kResult, kError, kClosed };  // kClosed: may or may not have happened
  Outcome outcome = Outcome::kClosed;
  Opcode opcode = Opcode::kError;
  ResponsePrelude prelude;
  ResultResponse result;     // kResult with opcode kResult
  StringMultimap supported;  // kResult with opcode kSupported
  ErrorResponse error;       // kError; for kClosed the reason is error.message
  bool ok() const { return outcome == Outcome::kResult; }
};
using ReplyCallback = std::function<void(ClientReply&)>;

// One connection. The owner makes the stream, gives it this handler, and keeps both alive; it must not
// destroy this from within a callback. After request calls, flush() hands what they wrote to the stream, once
// a burst; requests made in callbacks are flushed when the burst of replies is through.
class ClientConnection : public StreamHandler {
 public:
  struct Options {
    uint8_t version = 4;
    Compression compression = Compression::kNone;
    std::string user, password;  // sent as PLAIN if the server asks and user isn't empty
    size_t max_in_flight = kMaxStreams;
    std::vector<std::string> events;  // to REGISTER for once ready
  };

  explicit ClientConnection(Options options);
  ~ClientConnection() override;

  // Sends STARTUP. `on_ready` gets an ok reply, or the error that ended the attempt.
  void start(ByteStream& stream, ReplyCallback on_ready);
  void on_event(std::function<void(const Event&)> callback);

  bool ready() const;
  bool closed() const;
  size_t in_flight() const;
  bool can_send() const;  // ready, and a stream id is free

  // REQUIRES: can_send(). The views in a request are used before the call returns.
  void query(std::string_view text, Consistency consistency, ReplyCallback callback);
  void query(const QueryRequest& request, ReplyCallback callback);
  void prepare(std::string_view text, ReplyCallback callback);
  void execute(const ExecuteRequest& request, ReplyCallback callback);
  void batch(const BatchRequest& request, ReplyCallback callback);
  void options(ReplyCallback callback);
  void flush();
  // Sends what is queued and closes; requests in flight get kClosed from on_closed.
  void close();

  void on_bytes(BytesView bytes) override;
  void on_closed(const std::string& reason) override;

  // Decode the cells of rows (the default)? Off: rows are counted only; for load generators.
  void set_decode_rows(bool on);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The token ring as system.local and system.peers_v2 (or system.peers) tell it: who is asked for a partition.
struct RingNode {
  InetAddress address;  // native_address or rpc_address
  int port = 0;         // 0: not said; then the same port as the node that was asked
  std::string data_center, rack, host_id;
  std::vector<int64_t> tokens;  // ends of the node's ranges
};
class Ring {
 public:
  // nodes[0] is the one that was asked. `copies` replicas are found for each range: one of each rack first,
  // as drivers' NetworkTopologyStrategy does.
  Ring(std::vector<RingNode> nodes, size_t copies);
  const std::vector<RingNode>& nodes() const { return nodes_; }
  // Places in nodes(); empty only in an empty ring.
  const std::vector<size_t>& replicas(Token token) const;

 private:
  std::vector<size_t> find_replicas(size_t range) const;
  std::vector<RingNode> nodes_;
  size_t copies_;
  std::vector<std::pair<int64_t, size_t>> owners_;  // (last token of a range, node), ascending
  std::vector<std::vector<size_t>> replicas_;       // of each range
};
// Asks for the tables; `done` gets the nodes or the first error. `connection` must be ready.
void read_ring(ClientConnection& connection, std::function<void(Result<std::vector<RingNode>>)> done);

}  // namespace keyzone::net
