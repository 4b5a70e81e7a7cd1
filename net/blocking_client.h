// A CQL client for tools that do one thing after another: connects, asks, waits.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/bytes.h"
#include "schema/result.h"
#include "schema/result_set.h"

namespace keyzone::net {

// Rows with their cells copied out: wire values or null.
struct TextRows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<Bytes>>> rows;
  // The cell of a column, nullopt if it is null or there is no such column.
  std::optional<Bytes> cell(size_t row, std::string_view column) const;
};

class BlockingClient {
 public:
  // kIo: nobody listens there, or it doesn't answer in time; the message names the address.
  static Result<std::unique_ptr<BlockingClient>> connect(const std::string& host, uint16_t port,
                                                         std::chrono::milliseconds patience);
  virtual ~BlockingClient() = default;
  // The server's error comes as kInvalid with its text; no answer in time as kIo. At consistency QUORUM.
  virtual Result<TextRows> query(std::string_view text) = 0;
};

}  // namespace keyzone::net
