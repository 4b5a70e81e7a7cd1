// The half of client.h that is about who holds what.
#include <algorithm>
#include <charconv>
#include <set>

#include "net/client.h"
#include "schema/types/collections.h"

namespace keyzone::net {
namespace {

constexpr std::string_view kLocal = "SELECT * FROM system.local WHERE key='local'";
constexpr std::string_view kPeers = "SELECT * FROM system.peers_v2";
constexpr std::string_view kOldPeers = "SELECT * FROM system.peers";

// One row of system.local or of either table of peers.
class NodeRow {
 public:
  NodeRow(const RowsResult& rows, int32_t row) : rows_(rows), row_(row) {}

  const Value& find(std::string_view name) const {
    static const Value none;
    const auto& columns = rows_.metadata.columns;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == name) return rows_.cell(row_, static_cast<int32_t>(i));
    }
    return none;
  }
  std::string text(std::string_view name) const { return std::string(find(name).bytes); }

  RingNode node() const {
    RingNode node;
    const Value& address = find("native_address").is_set() ? find("native_address") : find("rpc_address");
    node.address = InetAddress::from_bytes(address.bytes).value_or(InetAddress{});
    const Value& port = find("native_port").is_set() ? find("native_port") : find("rpc_port");
    if (port.bytes.size() == 4) node.port = load_be<int32_t>(port.bytes.data());
    node.data_center = text("data_center");
    node.rack = text("rack");
    Uuid host;
    if (const BytesView id = find("host_id").bytes; id.size() == host.bytes.size()) {
      std::copy(id.begin(), id.end(), host.bytes.begin());
      node.host_id = host.to_string();
    }
    node.tokens = tokens();
    return node;
  }

 private:
  std::vector<int64_t> tokens() const {
    std::vector<int64_t> tokens;
    CollectionReader texts(find("tokens").bytes, 1);
    BytesView text;
    while (texts.next(text)) {
      int64_t token = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), token).ec == std::errc())
        tokens.push_back(token);
    }
    return tokens;
  }

  const RowsResult& rows_;
  int32_t row_;
};

void append_nodes(const ClientReply& reply, std::vector<RingNode>& nodes) {
  for (int32_t row = 0; row < reply.result.rows.row_count; ++row) {
    nodes.push_back(NodeRow(reply.result.rows, row).node());
  }
}

using OnRing = std::function<void(Result<std::vector<RingNode>>)>;

void read_peers(ClientConnection& connection, std::vector<RingNode> nodes, std::string_view query,
                OnRing done) {
  connection.query(
      query, Consistency::kOne,
      [&connection, nodes = std::move(nodes), query, done = std::move(done)](ClientReply& reply) mutable {
        if (reply.ok()) {
          append_nodes(reply, nodes);
          return done(std::move(nodes));
        }
        const bool old_server = reply.error.code == ErrorCode::kInvalid && query == kPeers;
        if (old_server) return read_peers(connection, std::move(nodes), kOldPeers, std::move(done));
        done(Error{ErrorKind::kServer, reply.error.message});
      });
}

}  // namespace

Ring::Ring(std::vector<RingNode> nodes, size_t copies) : nodes_(std::move(nodes)), copies_(copies) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (const int64_t token : nodes_[i].tokens) owners_.emplace_back(token, i);
  }
  std::sort(owners_.begin(), owners_.end());
  for (size_t range = 0; range < owners_.size(); ++range) replicas_.push_back(find_replicas(range));
}

std::vector<size_t> Ring::find_replicas(size_t range) const {
  std::vector<size_t> chosen, others;
  std::set<std::pair<std::string, std::string>> racks;
  for (size_t step = 0; step < owners_.size() && chosen.size() < copies_; ++step) {
    const size_t node = owners_[(range + step) % owners_.size()].second;
    const auto among = [node](const std::vector<size_t>& list) {
      return std::find(list.begin(), list.end(), node) != list.end();
    };
    if (among(chosen) || among(others)) continue;
    const bool new_rack = racks.insert({nodes_[node].data_center, nodes_[node].rack}).second;
    (new_rack ? chosen : others).push_back(node);
  }
  for (size_t i = 0; i < others.size() && chosen.size() < copies_; ++i) chosen.push_back(others[i]);
  return chosen;
}

const std::vector<size_t>& Ring::replicas(Token token) const {
  static const std::vector<size_t> none;
  if (owners_.empty()) return none;
  const auto at = std::lower_bound(owners_.begin(), owners_.end(), std::pair(token.value, size_t{0}));
  return replicas_[at == owners_.end() ? 0 : static_cast<size_t>(at - owners_.begin())];
}

void read_ring(ClientConnection& connection, OnRing done) {
  connection.query(kLocal, Consistency::kOne,
                   [&connection, done = std::move(done)](ClientReply& reply) mutable {
                     if (!reply.ok()) return done(Error{ErrorKind::kServer, reply.error.message});
                     std::vector<RingNode> nodes;
                     append_nodes(reply, nodes);
                     if (!connection.can_send())
                       return done(Error{ErrorKind::kOverloaded, "no stream is free"});
                     read_peers(connection, std::move(nodes), kPeers, std::move(done));
                   });
  connection.flush();
}

}  // namespace keyzone::net
