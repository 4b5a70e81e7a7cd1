// The inside of a session. session.cc: the protocol; session_statements.cc: statements planned;
// session_execute.cc: tablets asked and answers put together; session_schema.cc: schema changes, system
// tables, DESCRIBE, TRUNCATE; session_trace.cc: traces.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/node_context.h"
#include "actors/numbered.h"
#include "actors/random.h"
#include "actors/session.h"
#include "actors/shard_actor.h"
#include "actors/statement_cache.h"
#include "actors/tablet.h"
#include "cql/execute/api.h"
#include "net/protocol/frame.h"
#include "net/protocol/request.h"
#include "net/protocol/response.h"

namespace keyzone::actors {

// What a tablet of this node says to an EstimateRequest.
struct EstimateReply {
  uint32_t request = 0;
  GroupId group;
  storage::Estimate estimate;
};
using EstimateReplyPtr = std::shared_ptr<const EstimateReply>;

inline bool is_serial(net::Consistency consistency) {
  return consistency == net::Consistency::kSerial || consistency == net::Consistency::kLocalSerial;
}

class Session;

// Of a write to several tablets that is logged or looks something up, whatever plan it has.
struct BatchProgress {
  std::optional<Uuid> entry;           // in the batch log
  std::vector<Uuid> replaced_entries;  // of earlier plans, which stay until the new plan has one
  std::optional<BatchMark> mark;       // the same however often it is planned
  std::vector<Bytes> looked_up;        // by command: what comes of it; empty where it looks nothing up
};

// What follows when every live node has that version of the catalog.
struct Agreement {
  CatalogVersion version;
  std::function<void(uint32_t number)> then;
};

// What is known of a client's request until it is answered.
struct ClientRequest {
  uint8_t version = 4;
  int16_t stream = 0;
  net::Consistency consistency = net::Consistency::kOne;
  std::optional<net::Consistency> serial_consistency;
  bool skip_metadata = false;
  bool prepared = false;       // EXECUTE: its client has the metadata of PREPARE
  bool knows_metadata = true;  // v5: the result metadata that the client has are the plan's
  std::string keyspace;        // QUERY, BATCH: that texts are read in
  CachedStatementPtr statement;
  std::vector<std::string> warnings;
  Timestamp deadline = 0;  // by the shard's clock, microseconds
  Timestamp asked = 0;     // when the client asked, by the same clock
  Timestamp started = 0;   // when it was planned, or is to be planned again
  int plans = 0;           // how often it was planned
  // Plans it (again): values are read from `body`, which is kept for that. Null: it can't be.
  void (Session::*plan)(uint32_t number) = nullptr;
  Bytes body;
  std::optional<cql::Execution> execution;
  std::vector<Outcome> outcomes;                          // of a WriteExecution, by command
  Boxed<std::map<GroupId, storage::Estimate>> estimates;  // of a LocalRead that asks for sizes
  Uuid table;                                             // that is read
  size_t waiting = 0;                                     // parts without an answer
  bool scans = false;                                     // the table is read by ranges of tokens
  bool replan = false;                                    // a part was refused as stale: plan again
  bool silent = false;                                    // nobody waits for the answer
  Boxed<Agreement> agreement;                             // of a schema statement
  Boxed<BatchProgress> batch;
  // what follows when all parts are answered; else the plain answer
  std::function<void(uint32_t number)> then;
  std::shared_ptr<TraceFact> trace;  // null: the client asked for none
  Timestamp traced_at = 0;           // when it came, by the shard's clock

  // Each as often as it stands in `more`, however often that is planned.
  void warn(const std::vector<std::string>& more) {
    if (more.empty()) return;
    std::multiset<std::string> said(warnings.begin(), warnings.end());
    for (const auto& one : more) {
      const auto before = said.find(one);
      if (before == said.end())
        warnings.push_back(one);
      else
        said.erase(before);
    }
  }
};

// One command or read of a request, on its way to a tablet.
struct RequestPart {
  uint32_t request = 0;
  size_t index = 0;
  Uuid table;
  Token token;
  GroupId group;
  std::optional<WriteItem> write;
  std::shared_ptr<const ReadRequest> read;
  std::shared_ptr<const CatalogRequest> catalog;
  bool nearest = false;
  bool local_refused = false;  // a read that our own replica could not answer: it knows no leader
  bool traced = false;
  Timestamp sent = 0;
  NodeId sent_to;
};

class Session : public ShardActor, public net::StreamHandler {
 public:
  Session(caf::actor_config& config, NodeContext& context, size_t shard, AcceptedStream stream);
  caf::behavior make_behavior() override;
  void on_exit() override;

  void on_bytes(BytesView bytes) override;
  void on_closed(const std::string& reason) override;
  void on_writable() override;

 private:
  // --- the protocol (session.cc)
  void handle_frame(net::Frame frame);
  void handle_startup(const net::Frame& frame);
  void handle_register(const net::Frame& frame);
  void flush();
  void pause_if_full();
  void send_event(const net::Event& event);

  void answer_error(const ClientRequest& request, const Error& error);
  void answer_error(const ClientRequest& request, const net::ErrorResponse& error);
  void answer_void(const ClientRequest& request);
  void answer_rows(const ClientRequest& request, const ResultSet& rows);
  uint8_t prelude(const ClientRequest& request, Bytes& prelude) const;
  void answer(const ClientRequest& request, net::Opcode opcode, const std::function<void(Bytes&)>& body);
  ClientRequest new_request(const net::Frame& frame);
  void begin(ClientRequest& request, const net::Frame& frame);  // with a trace, if the frame asks for one

  // --- statements (session_statements.cc)
  void handle_prepare(const net::Frame& frame);
  void handle_query(const net::Frame& frame);
  void handle_execute(const net::Frame& frame);
  // QUERY and EXECUTE differ in how the statement is found.
  template <class Asked>
  void handle_statement(const net::Frame& frame, Asked& asked, std::atomic<uint64_t>& executed);
  Result<CachedStatementPtr> find_statement(const net::QueryRequest& asked, ClientRequest& request);
  Result<CachedStatementPtr> find_statement(const net::ExecuteRequest& asked, ClientRequest& request);
  template <class Asked>
  Result<cql::Execution> plan_statement(const Asked& asked, ClientRequest& request);
  template <class Asked>
  void plan_statement_again(uint32_t number);
  void handle_batch(const net::Frame& frame);
  void plan_batch(const net::BatchRequest& batch, uint32_t number);
  void plan_batch_again(uint32_t number);
  void meter_batch(net::BatchType type, const cql::WriteExecution& write);
  Result<CachedStatementPtr> prepare(BytesView text, const std::string& keyspace);
  Result<CachedStatementPtr> find_prepared(BytesView id);
  cql::ExecuteOptions options_of(const net::QueryParameters& parameters);
  // What the request's levels don't allow to a write of that keyspace.
  void refuse_by_level(const std::string& keyspace, bool conditional, const ClientRequest& request,
                       cql::ExecuteOptions& options) const;
  std::optional<Error> check_consistency(const cql::PreparedInfo& info, const ClientRequest& request) const;
  std::optional<Error> check_conditional_consistency(const std::string& keyspace,
                                                     const ClientRequest& request) const;
  std::optional<Error> check_each_quorum(const std::string& keyspace) const;
  std::optional<Error> check_levels(bool is_write, ClientRequest& request) const;
  // The keyspace that a request names, else the session's.
  Result<std::string> keyspace_of(const std::optional<BytesView>& named);
  void warn_of_keyspace(const cql::PreparedInfo& info, ClientRequest& request);
  void warn_of_unqualified(const cql::PreparedInfo& info, bool known, const std::optional<BytesView>& named,
                           ClientRequest& request);

  // --- execution (session_execute.cc)
  // Of what was added: it is going to be executed, or it is answered and gone.
  void admit(ClientRequest& request);
  void refuse(uint32_t number, const Error& error);
  std::chrono::milliseconds patience_for(const cql::Execution& execution) const;
  void start(uint32_t number, cql::Execution execution);
  void start_write(uint32_t number);
  void start_batch(uint32_t number);
  void learn_clocks(uint32_t number);
  // Reads that come before the writes; then request.then.
  void read_first(uint32_t number, std::vector<cql::TabletRead> reads);
  void look_up(uint32_t number);
  void take_looked_up(uint32_t number);
  void log_or_send(uint32_t number);
  void log_batch(uint32_t number);
  void forget_batch(const Uuid& id);
  void send_commands(uint32_t number);
  void continue_read(uint32_t number);
  void add_write(uint32_t number, size_t index, cql::TabletCommand command);
  void add_read(uint32_t number, cql::TabletRead read);
  bool replicas_suffice(uint32_t number, const Tablet& tablet);
  bool replicas_suffice(uint32_t number, size_t needed, size_t alive);
  bool replicas_suffice(uint32_t number, const Table& system_table);
  std::pair<uint32_t, RequestPart&> add_part(uint32_t request, size_t index);
  RequestId id_of(uint32_t part) const;
  void dispatch(uint32_t number, RequestPart& part);
  void send_part(uint32_t number, RequestPart& part, NodeId to);
  void handle_replies(Replies& replies);
  void handle_reply(Reply& reply);
  void handle_refusal(uint32_t number, RequestPart& part, const Refusal& refusal);
  void part_done(uint32_t number);
  void finish_write(uint32_t number);
  void finish_read(uint32_t number);
  std::optional<net::ErrorResponse> check_tombstones(const cql::ReadExecution& read,
                                                     ClientRequest& request) const;
  void plan_again(uint32_t number);
  void plan_soon(uint32_t number);
  void fail(uint32_t number, const Error& error);
  void fail_part(uint32_t number, const Error& error);
  static bool batch_is_logged(const ClientRequest& request);
  void time_out(uint32_t number);
  void forget(uint32_t number);
  void tick();
  void look();
  void plan_at_look(ClientRequest& request);
  void send_at_look(RequestPart& part);
  void schedule_tick();
  const NodeView& view();

  // --- schema and local tables (session_schema.cc)
  void start_schema(uint32_t number);
  void schema_applied(uint32_t number, CatalogVersion version, const SchemaChangeEvent& event);
  void await_agreement(uint32_t number, CatalogVersion version, std::function<void(uint32_t number)> then);
  void schema_agreed(CatalogVersion version);
  Uuid time_uuid();
  void start_local_read(uint32_t number);
  void ask_estimates(uint32_t number);
  void take_estimate(const EstimateReply& reply);
  void finish_local_read(uint32_t number);
  void start_describe(uint32_t number);
  void start_truncate(uint32_t number);
  void use_keyspace(uint32_t number, const std::string& keyspace);

  // --- traces (session_trace.cc)
  // What the request is and its parameters; nothing unless it is traced.
  void trace_request(ClientRequest& request, const char* what, const net::QueryParameters* parameters,
                     std::optional<BytesView> text);
  void trace_values(ClientRequest& request, const cql::PreparedInfo& info,
                    const net::QueryParameters& parameters);
  // REQUIRES: it is traced.
  // `at`: the node that did it, unless it is this one.
  void trace(const ClientRequest& request, std::string activity, NodeId at = {});
  void trace_part(const RequestPart& part, const std::string& activity);
  void trace_reply(const RequestPart& part, const Reply& reply);
  void finish_trace(const ClientRequest& request);
  void share_trace(const TraceFactPtr& fact);  // with the other nodes
  void delete_traces(uint32_t number);
  std::string name_of(NodeId node);

  // --- page states
  Bytes sign(BytesView page_state) const;
  std::optional<BytesView> check_signature(BytesView signed_state) const;

  NodeContext& context_;
  AcceptedStream stream_;
  const cql::Dialect dialect_;
  caf::actor self_;  // keeps us alive until the stream is closed
  net::FrameReader reader_;
  net::FrameWriter writer_;
  uint8_t version_ = 0;  // of the protocol; 0: before STARTUP
  bool registered_topology_ = false;
  bool registered_status_ = false;
  bool registered_schema_ = false;
  bool closed_ = false;
  bool paused_ = false;
  bool in_turn_ = false;  // answers are flushed at its end
  bool warned_of_keyspace_ = false;
  std::string keyspace_;
  CurrentMeters meters_;
  std::shared_ptr<ClientRecord> record_ = std::make_shared<ClientRecord>();
  Random random_;
  std::function<uint64_t()> draw_;
  uint32_t number_ = 0;  // in the SessionDirectory
  Numbered<ClientRequest> requests_;
  Numbered<RequestPart> parts_;  // a part's number is the lower half of its sequence
  std::map<std::pair<GroupId, NodeId>, std::shared_ptr<WriteRequests>> writes_;  // gathered in this turn
  std::map<std::pair<GroupId, NodeId>, std::shared_ptr<ReadRequests>> reads_;
  NodeViewPtr view_;
  uint64_t view_version_ = UINT64_MAX;
  bool ticking_ = false;
  bool look_soon_ = false;  // a part found nobody to be sent to, or a request is to be planned again
  int ticks_since_look_ = 0;
  std::shared_ptr<const std::set<NodeId>> looked_at_alive_;  // of the view at the last look
  net::QueryRequest query_;                                  // reused, so that decoding does not allocate
  net::ExecuteRequest execute_;
  net::BatchRequest batch_;
};

}  // namespace keyzone::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::EstimateReplyPtr)
