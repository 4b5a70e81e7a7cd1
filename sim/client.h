// One client of the workload.
#pragma once
#include "sim/workload.h"

namespace keyzone::sim {

enum class Statement : uint8_t {
  kWriteRegister,
  kReadRegister,
  kWriteConditional,
  kCompareAndSet,
  kInsertIfNotExists,
  kReadConditional,
  kInsertIntoSet,
  kReadSet,
  kWritePair,
  kReadPair,
  kAdd,
  kReadCounter,
  kInsertFleeting,
  kInsertMortal,
  kRemoveRange,
  kRemoveAll,
  kReadFleeting,
  kPutEntry,
  kPutMortalEntry,
  kWriteEntries,
  kRemoveEntry,
  kRemoveEntries,
  kRemoveMap,
  kReadEntries,
};
inline constexpr size_t kStatements = 24;

class Client {
 public:
  Client(Workload& workload, size_t number);
  ~Client();

  void create_schema();
  void begin();
  // One write and one read of every key, until all are answered well.
  void begin_last_round();
  bool idle() const { return mode_ == Mode::kIdle; }

 private:
  enum class Mode : uint8_t { kIdle, kSchema, kWork, kLastRound };
  enum class Task : uint8_t {
    kWriteRegister,
    kReadRegister,
    kWriteConditional,
    kCompareAndSet,
    kReadConditional,
    kInsertIntoSet,
    kReadSet,
    kWritePairs,
    kReadPairs,
    kAdd,
    kReadCounter,
    kInsertFleeting,
    kRemoveFleeting,
    kReadFleeting,
    kPutEntry,
    kRemoveEntries,
    kReadEntries
  };
  static constexpr size_t kTasks = 17;
  struct TableTasks {
    size_t first;
    size_t count;
  };
  static constexpr TableTasks kTasksOfTable[] = {{0, 2}, {2, 3}, {5, 2}, {7, 2}, {9, 2}, {11, 3}, {14, 3}};
  static bool reads(Task task);

  // One connection, from the attempt to its end.
  struct Connection {
    explicit Connection() : client({}) {}
    net::ClientConnection client;
    std::shared_ptr<net::ByteStream> stream;
    std::array<Bytes, kStatements> prepared;  // ids; empty: not yet
  };

  void connect();
  void opened(const std::shared_ptr<Connection>& connection, std::shared_ptr<net::ByteStream> stream);
  void drop();
  void go_on_after(Time delay);
  void go_on();
  void send_schema();
  void perform_any();
  void perform(Task task, size_t key);
  void perform_on_register(Task task, History& history, size_t key);
  void perform_on_set(Task task, size_t key);
  void perform_on_fleeting(Task task, size_t key);
  void perform_on_entries(Task task, size_t key);
  void put_entry(SetHistory& history, size_t key);
  void remove_entries(SetHistory& history, size_t key);
  void perform_on_pairs(Task task, size_t key);
  void perform_on_counter(Task task, size_t key);
  // Goes on with the statement's id, prepared on this connection first if it isn't yet; where that fails,
  // `done` gets the reply, as it would that of the request.
  void with_prepared(Statement statement, net::ReplyCallback done, std::function<void(const Bytes&)> go_on);
  // One prepared statement. `done` gets the reply of this request, once, unless the client gave it up before.
  void execute(Statement statement, std::vector<Bytes> values, net::ReplyCallback done);
  void write_pairs(size_t key, int64_t value, net::ReplyCallback done);
  // Wraps what is to be done with a reply: counts it, and goes on with the next operation.
  net::ReplyCallback answer(std::function<void(net::ClientReply&)> then);
  void arm_patience();
  void finish(bool well);
  net::Consistency read_consistency();
  int64_t last_seen(size_t key) const { return last_seen_[key]; }

  Workload& workload_;
  World& world_;
  const size_t number_;
  Random random_;
  const bool reads_only_;
  const Time patience_;  // while at work; then the connection is given up, and what was asked stays open
  Mode mode_ = Mode::kIdle;
  std::shared_ptr<Connection> connection_;
  uint64_t request_ = 0;  // grows with each; what belongs to an earlier one is ignored
  bool waiting_ = false;  // for an answer
  size_t schema_step_ = 0;
  size_t last_step_ = 0;
  std::vector<int64_t> last_seen_;  // of compare-and-set registers, by key
};

}  // namespace keyzone::sim
