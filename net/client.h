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
  ResultResponse result;  // kResult with opcode kResult
  ErrorResponse error;    // kError; for kClosed the reason is error.message
  bool ok() const { return outcome == Outcome::kResult; }
};
using ReplyCallback = std::function<void(ClientReply&)>;

// One connection. The owner makes the stream, forwards its on_bytes and on_closed here, and keeps both alive.
// After request calls, flush() hands what they wrote to the stream: once a burst.
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

  // Decode RESULT bodies into cells? Off: ClientReply.result has only the kind (row_count for rows); for load
  // generators that need nothing more.
  void set_decode_rows(bool on);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The token ring as system.local and system.peers tell it: who is asked first for a partition.
struct RingNode {
  std::string address;  // rpc_address
  int port = 0;         // 0: the same port as the node that was asked
  std::string data_center, rack;
  std::string host_id;
  std::vector<int64_t> tokens;
};
struct Ring {
  std::vector<RingNode> nodes;  // nodes[0] is the one that was asked
  // (token, index in nodes), sorted by token: an owner's range ends at its token.
  std::vector<std::pair<int64_t, size_t>> owners;
  void build();  // owners from nodes
  // The nodes that hold `token`, one of each rack, as drivers' NetworkTopologyStrategy would pick them, `count` at most.
  std::vector<size_t> replicas(Token token, size_t count) const;
};
// Asks for both tables; `done` gets the ring or the first error.
void read_ring(ClientConnection& connection, std::function<void(Result<Ring>)> done);

}  // namespace keyzone::net
