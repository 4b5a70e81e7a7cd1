// A CQL server of one table in memory, on a real socket and its own thread: enough for a driver to find its
// nodes, and for the bench to write and read.
#pragma once
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "net/listener.h"
#include "net/protocol/request.h"
#include "net/protocol/response.h"
#include "schema/types/collections.h"

namespace keyzone::net {

class SmallServer {
 public:
  SmallServer() : work_(io_.get_executor()) {
    auto opened = Listener::open(io_, {}, {&io_}, [this](size_t, std::shared_ptr<Connection> connection) {
      sessions_.push_back(std::make_unique<Session>(*this, std::move(connection)));
    });
    listener_ = *std::move(opened);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~SmallServer() {
    io_.stop();
    thread_.join();
  }
  uint16_t port() const { return listener_->port(); }

  bool refuse_peers_v2 = false;  // as old servers do

 private:
  struct Session : StreamHandler {
    Session(SmallServer& s, std::shared_ptr<Connection> c) : server(s), connection(std::move(c)) {
      connection->start(*this);
    }
    void on_bytes(BytesView bytes) override {
      reader.feed(bytes);
      Frame frame;
      while (reader.next(frame) == FrameReader::Step::kFrame) serve(frame);
      connection->write(writer.take());
    }
    void on_closed(const std::string&) override {}

    void serve(const Frame& frame) {
      if (frame.opcode == Opcode::kStartup) {
        writer.append(frame.version, 0, frame.stream, Opcode::kReady, "");
        reader.startup_done(frame.version, Compression::kNone);
        writer.startup_done(frame.version, Compression::kNone);
        return reader.lift_limit();
      }
      Bytes body;
      const Opcode opcode = server.answer(frame, body);
      writer.append(frame.version, 0, frame.stream, opcode, body);
    }

    SmallServer& server;
    std::shared_ptr<Connection> connection;
    FrameReader reader{{}};
    FrameWriter writer{Role::kServer};
  };

  Opcode answer(const Frame& frame, Bytes& body) {
    if (frame.opcode == Opcode::kPrepare) return prepare(frame, body);
    if (frame.opcode == Opcode::kExecute) return execute(frame, body);
    QueryRequest query;
    (void)decode_request(frame, query).ok();
    if (query.text.find("system.local") != BytesView::npos) return local(frame, body);
    if (query.text.find("keyzone_nodes") != BytesView::npos) return nodes(frame, body);
    if (query.text.find("peers_v2") != BytesView::npos && refuse_peers_v2) {
      ErrorResponse error;
      error.code = ErrorCode::kInvalid;
      error.message = "unconfigured table peers_v2";
      encode_error(body, frame.version, error);
      return Opcode::kError;
    }
    if (query.text.find("system.peers") != BytesView::npos) {
      const auto columns =
          encode_columns({{"system", "peers", "peer", native_type(TypeKind::kInet)}}, frame.version);
      RowsHeader header;
      header.columns = &columns;
      encode_rows(body, frame.version, header, 0, "");
      return Opcode::kResult;
    }
    encode_void(body);
    return Opcode::kResult;
  }

  Opcode local(const Frame& frame, Bytes& body) {
    const TypePtr text = native_type(TypeKind::kText);
    const auto columns = encode_columns({{"system", "local", "rpc_address", native_type(TypeKind::kInet)},
                                         {"system", "local", "data_center", text},
                                         {"system", "local", "rack", text},
                                         {"system", "local", "tokens", set_type(text, true)}},
                                        frame.version);
    CollectionWriter tokens(1);
    tokens.add("-5");
    tokens.add("9223372036854775807");
    Bytes row;
    append_bytes(row, "\x7f\0\0\1");
    append_bytes(row, "dc1");
    append_bytes(row, "az1");
    append_bytes(row, std::move(tokens).finish());
    RowsHeader header;
    header.columns = &columns;
    encode_rows(body, frame.version, header, 1, row);
    return Opcode::kResult;
  }

  Opcode nodes(const Frame& frame, Bytes& body) {
    const auto columns =
        encode_columns({{"system_views", "keyzone_nodes", "name", native_type(TypeKind::kText)},
                        {"system_views", "keyzone_nodes", "cpu_time_us", native_type(TypeKind::kBigint)}},
                       frame.version);
    Bytes row, cpu;
    append_be(cpu, uint64_t{10 * operations_});
    append_bytes(row, "n1");
    append_bytes(row, cpu);
    RowsHeader header;
    header.columns = &columns;
    encode_rows(body, frame.version, header, 1, row);
    return Opcode::kResult;
  }

  Opcode prepare(const Frame& frame, Bytes& body) {
    PrepareRequest request;
    (void)decode_request(frame, request).ok();
    const TypePtr blob = native_type(TypeKind::kBlob);
    const auto variables =
        encode_columns({{"bench", "kv", "key", blob}, {"bench", "kv", "value", blob}}, frame.version);
    const auto result = encode_columns({{"bench", "kv", "value", blob}}, frame.version);
    PreparedHeader header;
    const Bytes id(request.text.substr(0, 6));
    header.id = id;
    header.result_metadata_id = "metadata";
    header.bind_variables = &variables;
    header.partition_key_indexes = {0};
    header.result_columns = id == "SELECT" ? &result : nullptr;
    encode_prepared(body, frame.version, header);
    return Opcode::kResult;
  }

  Opcode execute(const Frame& frame, Bytes& body) {
    ++operations_;
    ExecuteRequest request;
    (void)decode_request(frame, request).ok();
    const auto& values = request.parameters.values;
    if (request.id == "INSERT") table_[Bytes(values[0].bytes)] = values[1].bytes;
    if (request.id != "SELECT") {
      encode_void(body);
      return Opcode::kResult;
    }
    const auto found = table_.find(Bytes(values[0].bytes));
    const auto columns =
        encode_columns({{"bench", "kv", "value", native_type(TypeKind::kBlob)}}, frame.version);
    RowsHeader header;
    header.columns = &columns;
    header.skip_metadata = request.parameters.skip_metadata;
    Bytes row;
    if (found != table_.end()) append_bytes(row, found->second);
    encode_rows(body, frame.version, header, found != table_.end(), row);
    return Opcode::kResult;
  }

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::map<Bytes, Bytes> table_;
  uint64_t operations_ = 0;
  std::thread thread_;
};

}  // namespace keyzone::net
