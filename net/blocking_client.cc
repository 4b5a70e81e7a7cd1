#include "net/blocking_client.h"

#include <utility>

#include <boost/asio/io_context.hpp>

#include "net/client.h"
#include "net/dialer.h"

namespace keyzone::net {

std::optional<Bytes> TextRows::cell(size_t row, std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == column) return rows[row][i];
  }
  return std::nullopt;
}

namespace {

class BlockingClientOnAsio : public BlockingClient {
 public:
  explicit BlockingClientOnAsio(std::chrono::milliseconds patience) : patience_(patience), client_({}) {}

  ~BlockingClientOnAsio() override {
    if (connection_) {
      connection_->detach();
      connection_->abort();
    }
  }

  Result<void> open(const std::string& host, uint16_t port) {
    const std::string where = host + ":" + std::to_string(port);
    std::optional<Error> failed;
    bool done = false;
    connect_once(io_, host, port, nullptr, [&](std::shared_ptr<Connection> connection, std::string reason) {
      done = true;
      connection_ = std::move(connection);
      if (!connection_) failed = Error{ErrorKind::kIo, "cannot connect to " + where + ": " + reason};
    });
    if (!wait(done)) return Error{ErrorKind::kIo, where + " does not answer"};
    if (failed) return *failed;
    done = false;
    connection_->start(client_);
    client_.start(*connection_, [&](ClientReply& reply) {
      done = true;
      if (!reply.ok()) failed = Error{ErrorKind::kIo, where + ": " + reply.error.message};
    });
    if (!wait(done)) return Error{ErrorKind::kIo, where + " does not answer"};
    if (failed) return *failed;
    return {};
  }

  Result<TextRows> query(std::string_view text) override {
    if (client_.closed()) return Error{ErrorKind::kIo, "the connection is closed"};
    bool done = false;
    Result<TextRows> result = TextRows();
    client_.query(text, Consistency::kQuorum, [&](ClientReply& reply) {
      done = true;
      if (!reply.ok()) {
        result = Error{reply.outcome == ClientReply::Outcome::kError ? ErrorKind::kInvalid : ErrorKind::kIo,
                       reply.error.message};
      } else {
        result = copy(reply.result.rows);
      }
    });
    client_.flush();
    if (!wait(done)) return Error{ErrorKind::kIo, "no answer in time"};
    return result;
  }

 private:
  bool wait(const bool& done) {
    const auto end = std::chrono::steady_clock::now() + patience_;
    while (!done && std::chrono::steady_clock::now() < end) {
      if (io_.stopped()) io_.restart();
      io_.run_one_until(end);
    }
    return done;
  }

  static TextRows copy(const RowsResult& rows) {
    TextRows out;
    for (const auto& column : rows.metadata.columns) out.columns.push_back(column.name);
    for (int32_t row = 0; row < rows.row_count; ++row) {
      auto& cells = out.rows.emplace_back();
      for (int32_t column = 0; column < rows.metadata.column_count; ++column) {
        const auto& value = rows.cell(row, column);
        cells.push_back(value.is_set() ? std::optional<Bytes>(Bytes(value.bytes)) : std::nullopt);
      }
    }
    return out;
  }

  std::chrono::milliseconds patience_;
  boost::asio::io_context io_{1};
  ClientConnection client_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<BlockingClient>> BlockingClient::connect(const std::string& host, uint16_t port,
                                                                std::chrono::milliseconds patience) {
  auto client = std::make_unique<BlockingClientOnAsio>(patience);
  if (auto opened = client->open(host, port); !opened) return opened.error();
  return std::unique_ptr<BlockingClient>(std::move(client));
}

}  // namespace keyzone::net
