#include "net/bench/cluster.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <map>

#include "net/dialer.h"

namespace keyzone::net {
namespace {

constexpr double kAnswerSeconds = 30;  // for a connection, or one answer to a statement of the set-up
constexpr size_t kCopies = 3;

std::string error_text(const ClientReply& reply) { return reply.error.message; }

struct HostPort {
  std::string host;
  uint16_t port;
};
HostPort split(const std::string& text, uint16_t otherwise) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.find(':') != colon) return {text, otherwise};  // none, or IPv6
  return {text.substr(0, colon), static_cast<uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10))};
}

// Name of a node -> cpu_time_us, as one node's answer has it.
void read_cpu_times(const RowsResult& rows, std::map<std::string, uint64_t>& out) {
  int32_t name = -1, cpu = -1;
  for (size_t i = 0; i < rows.metadata.columns.size(); ++i) {
    if (rows.metadata.columns[i].name == "name") name = static_cast<int32_t>(i);
    if (rows.metadata.columns[i].name == "cpu_time_us") cpu = static_cast<int32_t>(i);
  }
  if (name < 0 || cpu < 0) return;
  for (int32_t row = 0; row < rows.row_count; ++row) {
    const BytesView value = rows.cell(row, cpu).bytes;
    if (value.size() != sizeof(uint64_t)) continue;
    uint64_t& known = out[std::string(rows.cell(row, name).bytes)];
    known = std::max(known, load_be<uint64_t>(value.data()));  // the node itself knows best: the latest
  }
}

}  // namespace

void BenchCluster::disconnect() {
  for (auto& link : links_) {
    if (!link->connection) continue;
    link->connection->detach();
    link->connection->abort();
  }
  io_.restart();
  io_.poll();
}

Result<void> BenchCluster::connect() {
  std::string failure = "no host is given";
  std::unique_ptr<BenchLink> first;
  for (const auto& host : options_.hosts) {
    const auto [name, port] = split(host, options_.port);
    auto opened = open_link(name, port);
    if (opened) {
      first = *std::move(opened);
      break;
    }
    failure = host + ": " + opened.error().message;
  }
  if (!first) return Error{ErrorKind::kIo, "can't connect to any node; " + failure};
  std::optional<Result<std::vector<RingNode>>> nodes;
  read_ring(*first->client, [&](Result<std::vector<RingNode>> result) { nodes = std::move(result); });
  if (!run_until([&] { return nodes.has_value(); }, kAnswerSeconds)) {
    return Error{ErrorKind::kIo, "no answer about the nodes"};
  }
  if (!*nodes) return nodes->error();
  ring_.emplace(**std::move(nodes), kCopies);
  links_.push_back(std::move(first));
  KEYZONE_CHECK(make_table(*links_[0], ring_->nodes()[0].data_center));
  return open_links();
}

Result<void> BenchCluster::make_table(BenchLink& link, const std::string& data_center) {
  KEYZONE_CHECK(
      run_statement(link, "CREATE KEYSPACE IF NOT EXISTS " + options_.keyspace +
                              " WITH replication = {'class': 'NetworkTopologyStrategy', '" + data_center +
                              "': " + std::to_string(std::min(kCopies, ring_->nodes().size())) + "}"));
  return run_statement(link, "CREATE TABLE IF NOT EXISTS " + options_.keyspace + "." + options_.table +
                                 " (key blob PRIMARY KEY, value blob)");
}

Result<void> BenchCluster::run_statement(BenchLink& link, const std::string& text) {
  std::optional<std::string> error;
  link.client->query(text, Consistency::kLocalQuorum,
                     [&](ClientReply& reply) { error = reply.ok() ? "" : error_text(reply); });
  link.client->flush();
  if (!run_until([&] { return error.has_value(); }, kAnswerSeconds)) error = "no answer";
  if (error->empty()) return {};
  return Error{ErrorKind::kServer, text + ": " + *error};
}

// Dials and logs in; `done` gets an empty text once it is ready.
void BenchCluster::dial(BenchLink& link, std::function<void(const std::string&)> done) {
  link.connecting = true;
  link.prepared = 0;
  ClientConnection::Options client;
  client.version = options_.version;
  client.user = options_.user;
  client.password = options_.password;
  connect_once(io_, link.host, link.port, nullptr,
               [&link, client, done = std::move(done)](std::shared_ptr<Connection> connection,
                                                       const std::string& reason) {
                 link.connecting = connection != nullptr;
                 if (!connection) return done(reason);
                 if (link.connection) link.connection->detach();
                 link.connection = std::move(connection);
                 link.client = std::make_unique<ClientConnection>(client);
                 link.connection->start(*link.client);
                 link.client->start(*link.connection, [&link, done](ClientReply& reply) {
                   link.connecting = false;
                   done(reply.ok() ? "" : error_text(reply));
                 });
               });
}

Result<std::unique_ptr<BenchLink>> BenchCluster::open_link(const std::string& host, uint16_t port) {
  auto link = std::make_unique<BenchLink>();
  link->host = host;
  link->port = port;
  std::optional<std::string> error;
  dial(*link, [&](const std::string& reason) { error = reason; });
  if (!run_until([&] { return error.has_value(); }, kAnswerSeconds)) error = "no answer";
  if (error->empty()) return link;
  if (link->connection) {
    link->connection->detach();
    link->connection->abort();
  }
  return Error{ErrorKind::kIo, *error};
}

Result<void> BenchCluster::open_links() {
  const auto& nodes = ring_->nodes();
  links_of_node_.resize(nodes.size());
  links_of_node_[0].push_back(links_[0].get());
  const size_t wanted = std::max(options_.connections, nodes.size());
  const uint16_t first_port = links_[0]->port;
  for (size_t i = 1; i < wanted; ++i) {
    const size_t node = i % nodes.size();
    const std::string host = node == 0 ? links_[0]->host : nodes[node].address.to_string();
    const bool port_known = node != 0 && nodes[node].port != 0;
    const auto port = port_known ? static_cast<uint16_t>(nodes[node].port) : first_port;
    auto opened = open_link(host, port);
    if (!opened)
      return Error{ErrorKind::kIo, host + ":" + std::to_string(port) + ": " + opened.error().message};
    links_.push_back(*std::move(opened));
    links_.back()->node = node;
    links_of_node_[node].push_back(links_.back().get());
  }
  for (auto& link : links_) prepare_all(*link);
  const auto prepared = [&] {
    return std::all_of(links_.begin(), links_.end(),
                       [](const auto& l) { return l->prepared == kBenchStatements; });
  };
  if (!run_until(prepared, kAnswerSeconds))
    return Error{ErrorKind::kServer, "a node does not prepare the statements"};
  return {};
}

void BenchCluster::prepare_all(BenchLink& link) {
  const std::string table = options_.keyspace + "." + options_.table;
  const std::array<std::string, kBenchStatements> texts = {
      "INSERT INTO " + table + " (key, value) VALUES (?, ?)", "SELECT value FROM " + table + " WHERE key = ?",
      "UPDATE " + table + " SET value = ? WHERE key = ? IF EXISTS"};
  for (size_t i = 0; i < texts.size(); ++i) {
    link.client->prepare(texts[i], [&link, i](ClientReply& reply) {
      if (!reply.ok()) return;
      link.ids[i] = reply.result.prepared.id;
      link.metadata_ids[i] = reply.result.prepared.result_metadata_id;
      ++link.prepared;
      // Later answers are only counted.
      if (link.prepared == kBenchStatements) link.client->set_decode_rows(false);
    });
  }
  link.client->flush();
}

void BenchCluster::reconnect_lost() {
  for (auto& link : links_) {
    if (link->connecting || !link->client || !link->client->closed()) continue;
    dial(*link, [this, link = link.get()](const std::string& error) {
      if (error.empty()) prepare_all(*link);
    });
  }
}

std::optional<uint64_t> BenchCluster::server_cpu_us() {
  struct Answers {  // outlives this call if one comes too late
    std::map<std::string, uint64_t> by_node;
    size_t waiting = 0;
  };
  const auto answers = std::make_shared<Answers>();
  for (auto& links : links_of_node_) {
    const auto link =
        std::find_if(links.begin(), links.end(), [](BenchLink* l) { return l->client->can_send(); });
    if (link == links.end()) return std::nullopt;
    ++answers->waiting;
    ClientConnection* client = (*link)->client.get();
    client->set_decode_rows(true);
    client->query("SELECT * FROM system_views.keyzone_nodes", Consistency::kOne,
                  [answers, client](ClientReply& reply) {
                    --answers->waiting;
                    client->set_decode_rows(false);
                    if (reply.ok()) read_cpu_times(reply.result.rows, answers->by_node);
                  });
    client->flush();
  }
  if (!run_until([&] { return answers->waiting == 0; }, kAnswerSeconds)) return std::nullopt;
  if (answers->by_node.empty()) return std::nullopt;
  uint64_t sum = 0;
  for (const auto& [node, cpu] : answers->by_node) sum += cpu;
  return sum;
}

BenchLink* BenchCluster::pick(Token token) {
  ++turn_;
  if (options_.token_aware) {
    const auto& replicas = ring_->replicas(token);
    for (size_t i = 0; i < replicas.size(); ++i) {
      const auto& links = links_of_node_[replicas[(turn_ + i) % replicas.size()]];
      BenchLink* link = links[(turn_ / replicas.size()) % links.size()];
      if (link->usable()) return link;
    }
  }
  for (size_t i = 0; i < links_.size(); ++i) {
    BenchLink* link = links_[(turn_ + i) % links_.size()].get();
    if (link->usable()) return link;
  }
  return nullptr;
}

void BenchCluster::flush_later(BenchLink& link) {
  if (std::exchange(link.to_flush, true)) return;
  to_flush_.push_back(&link);
  if (to_flush_.size() > 1) return;
  boost::asio::post(io_, [this] {
    for (BenchLink* l : std::exchange(to_flush_, {})) {
      l->to_flush = false;
      l->client->flush();
    }
  });
}

}  // namespace keyzone::net
