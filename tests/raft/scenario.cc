#include "tests/raft/scenario.h"

#include <sstream>
#include <stdexcept>

#include "tests/raft/cluster.h"

namespace keyzone::raft::test {
namespace {

using Words = std::vector<std::string>;

NodeId node_id(const std::string& word) { return NodeId(std::stoull(word)); }

// Which messages a command is about: "from 1", "to 2", "kind Append", "first 3"; all of them if it says
// nothing.
struct Filter {
  NodeId from, to;
  std::string kind;
  size_t first = SIZE_MAX;

  Filter(const Words& words, size_t at) {
    for (; at + 1 < words.size(); at += 2) {
      if (words[at] == "from")
        from = node_id(words[at + 1]);
      else if (words[at] == "to")
        to = node_id(words[at + 1]);
      else if (words[at] == "kind")
        kind = words[at + 1];
      else if (words[at] == "first")
        first = std::stoull(words[at + 1]);
      else
        throw std::runtime_error("unknown filter " + words[at]);
    }
  }
  bool takes(const Message& message) const {
    return (from == NodeId() || from == message.from) && (to == NodeId() || to == message.to) &&
           (kind.empty() || kind == name_of(message.kind));
  }
};

class Player {
 public:
  std::string command(const std::string& line) {
    out_.clear();
    Words words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(word);
    try {
      dispatch(words);
    } catch (const std::runtime_error& error) {
      say(std::string("JUDGED: ") + error.what());
    }
    return out_;
  }

 private:
  using Handler = void (Player::*)(const Words&);

  void dispatch(const Words& words) {
    static const std::map<std::string, Handler> handlers = {
        {"nodes", &Player::nodes},       {"add", &Player::add},         {"campaign", &Player::campaign},
        {"settle", &Player::settle},     {"deliver", &Player::deliver}, {"drop", &Player::drop},
        {"copy", &Player::copy},         {"last", &Player::last},       {"cut", &Player::cut},
        {"isolate", &Player::isolate},   {"heal", &Player::heal},       {"crash", &Player::crash},
        {"restart", &Player::restart},   {"damage", &Player::damage},   {"tick", &Player::tick},
        {"timeout", &Player::timeout},   {"propose", &Player::propose}, {"read", &Player::read},
        {"transfer", &Player::transfer}, {"change", &Player::change},   {"compact", &Player::compact},
        {"flush", &Player::flush},       {"fetch", &Player::fetch},     {"refuse", &Player::refuse},
        {"sleep", &Player::sleep},       {"wake", &Player::wake},       {"clock", &Player::clock},
        {"status", &Player::status},     {"log", &Player::log},         {"network", &Player::network},
        {"sync", &Player::sync},
    };
    const auto found = handlers.find(words.at(0));
    if (found == handlers.end()) throw std::runtime_error("unknown command " + words[0]);
    (this->*found->second)(words);
  }

  void say(const std::string& line) { out_ += line + "\n"; }
  Node& node(const Words& words, size_t at = 1) {
    Node& node = cluster_->nodes.at(node_id(words.at(at)));
    if (!node.raft && words[0] != "restart" && words[0] != "damage")
      throw std::runtime_error("that node is down");
    return node;
  }
  template <class T>
  void say_error(const Result<T>& result) {
    if (!result) say("error: " + result.error().message);
  }

  // nodes N [voters V] [option value]...
  void nodes(const Words& words) {
    const uint64_t count = std::stoull(words.at(1));
    uint64_t voters = count;
    Config config;
    for (size_t i = 2; i + 1 < words.size(); i += 2) {
      const uint64_t value = std::stoull(words[i + 1]);
      if (words[i] == "voters")
        voters = value;
      else if (words[i] == "append_bytes")
        config.append_bytes_max = value;
      else if (words[i] == "inflight")
        config.inflight_appends_max = value;
      else if (words[i] == "uncommitted_bytes")
        config.uncommitted_bytes_max = value;
      else if (words[i] == "cache_bytes")
        config.cache_bytes_max = value;
      else
        throw std::runtime_error("unknown option " + words[i]);
    }
    cluster_ = std::make_unique<Cluster>(config);
    Configuration configuration;
    for (uint64_t id = 1; id <= count; ++id) {
      (id <= voters ? configuration.voters : configuration.learners).push_back(NodeId(id));
    }
    for (uint64_t id = 1; id <= count; ++id) cluster_->add(NodeId(id), configuration);
    cluster_->trace = [this](const std::string& line) { say(line); };
  }
  void add(const Words& words) { cluster_->add(node_id(words.at(1)), Configuration()); }

  void campaign(const Words& words) {
    node(words).raft->campaign();
    cluster_->run(node(words));
  }
  // settle [but N]...: all that follows; the disks of the nodes named don't sync.
  void settle(const Words& words) {
    std::set<NodeId> slow;
    for (size_t i = 1; i + 1 < words.size(); i += 2) slow.insert(node_id(words[i + 1]));
    cluster_->settle(slow);
  }
  void sync(const Words& words) {
    cluster_->sync(node(words), words.size() > 2 ? std::stoull(words[2]) : SIZE_MAX);
  }

  std::vector<Message> take(const Filter& filter) {
    std::vector<Message> taken;
    std::deque<Message> rest;
    for (Message& message : cluster_->network) {
      const bool wanted = filter.takes(message) && taken.size() < filter.first;
      if (wanted)
        taken.push_back(std::move(message));
      else
        rest.push_back(std::move(message));
    }
    cluster_->network = std::move(rest);
    return taken;
  }
  void deliver(const Words& words) {
    for (Message& message : take(Filter(words, 1))) {
      say(to_string(message));
      if (!cluster_->deliver(std::move(message))) say("  lost");
    }
  }
  void drop(const Words& words) {
    for (const Message& message : take(Filter(words, 1))) say("dropped " + to_string(message));
  }
  // copy FILTER: the network will deliver those again, after all others.
  void copy(const Words& words) {
    const Filter filter(words, 1);
    std::vector<Message> copies;
    for (const Message& message : cluster_->network) {
      if (filter.takes(message) && copies.size() < filter.first) copies.push_back(message);
    }
    for (Message& message : copies) {
      say("copied " + to_string(message));
      cluster_->network.push_back(std::move(message));
    }
  }
  // last FILTER: those come after all others.
  void last(const Words& words) {
    for (Message& message : take(Filter(words, 1))) cluster_->network.push_back(std::move(message));
  }
  void network(const Words&) {
    for (const Message& message : cluster_->network) say(to_string(message));
  }

  // cut A B: what A sends to B is lost.
  void cut(const Words& words) { cluster_->cut.insert({node_id(words.at(1)), node_id(words.at(2))}); }
  void isolate(const Words& words) {
    for (const auto& [other, unused] : cluster_->nodes) {
      cluster_->cut.insert({node_id(words.at(1)), other});
      cluster_->cut.insert({other, node_id(words.at(1))});
    }
  }
  void heal(const Words&) { cluster_->cut.clear(); }

  void crash(const Words& words) { cluster_->crash(node_id(words.at(1))); }
  void restart(const Words& words) { cluster_->restart(node_id(words.at(1))); }
  void damage(const Words& words) {
    cluster_->damage(node_id(words.at(1)), LogIndex(std::stoull(words.at(2))));
  }

  // tick N|all [COUNT] [quietly]: without settling in between
  void tick(const Words& words) {
    const size_t count = words.size() > 2 ? std::stoull(words[2]) : 1;
    for (size_t i = 0; i < count; ++i) {
      for (auto& [id, node] : cluster_->nodes) {
        if (!node.raft || (words[1] != "all" && node_id(words[1]) != id)) continue;
        node.raft->tick();
        cluster_->run(node);
      }
      if (words.size() <= 3) cluster_->settle();
    }
  }
  void timeout(const Words& words) {
    node(words).raft->set_election_timeout(static_cast<uint32_t>(std::stoul(words.at(2))));
  }

  void propose(const Words& words) {
    std::vector<Payload> payloads;
    for (size_t i = 2; i < words.size(); ++i) payloads.push_back(std::make_shared<const Bytes>(words[i]));
    say_error(node(words).raft->propose(std::move(payloads)));
    cluster_->run(node(words));
  }
  void read(const Words& words) { cluster_->read(node(words), std::stoull(words.at(2))); }
  void transfer(const Words& words) {
    say_error(node(words).raft->transfer_leadership(node_id(words.at(2))));
    cluster_->run(node(words));
  }
  // change N [+voter|~learner|-gone|@version]...
  void change(const Words& words) {
    std::vector<ConfigurationChange> changes;
    uint64_t version = 0;
    for (size_t i = 2; i < words.size(); ++i) {
      const char sign = words[i][0];
      if (sign == '@') {
        version = std::stoull(words[i].substr(1));
        continue;
      }
      changes.push_back({sign == '+'   ? ConfigurationChange::Kind::kAddVoter
                         : sign == '~' ? ConfigurationChange::Kind::kAddLearner
                                       : ConfigurationChange::Kind::kRemove,
                         node_id(words[i].substr(1))});
    }
    say_error(node(words).raft->propose_configuration(changes, version));
    cluster_->run(node(words));
  }

  void compact(const Words& words) { cluster_->compact(node(words), LogIndex(std::stoull(words.at(2)))); }
  void flush(const Words& words) { cluster_->flush(node(words)); }
  void fetch(const Words& words) { cluster_->fetch_snapshot(node(words)); }
  // refuse N: the offer can't be fetched.
  void refuse(const Words& words) {
    node(words).offer.reset();
    node(words).raft->snapshot_failed();
  }

  void sleep(const Words& words) {
    if (!node(words).raft->can_sleep()) return say("can't sleep");
    node(words).raft->sleep();
    cluster_->run(node(words));
  }
  void wake(const Words& words) {
    node(words).raft->wake();
    cluster_->run(node(words));
  }
  void clock(const Words& words) { node(words).raft->set_clock(std::stoll(words.at(2))); }

  void status(const Words& words) {
    for (auto& [id, node] : cluster_->nodes) {
      if (words.size() > 1 && node_id(words[1]) != id) continue;
      if (!node.raft) {
        say(std::to_string(id.value) + ": down");
        continue;
      }
      say_status(node.raft->status(), words.size() > 1);
    }
  }
  void say_status(const Status& s, bool in_full) {
    std::ostringstream line;
    line << s.self.value << ": " << name_of(s.role) << " term " << s.term.value << " leader "
         << s.leader.value << " log " << s.first_index.value << ".." << s.last_index.value << " durable "
         << s.persisted.value << " commit " << s.commit.value << " applied " << s.applied.value
         << (s.asleep ? " asleep" : "") << (s.faulty ? " faulty" : "");
    say(line.str());
    if (!in_full) return;
    say("  " + s.configuration.to_string());
    for (const PeerStatus& peer : s.peers) {
      std::ostringstream text;
      text << "  " << peer.node.value << ": match " << peer.match.value << " next " << peer.next.value << " "
           << name_of(peer.state) << (peer.learner ? " learner" : "") << (peer.faulty ? " faulty" : "");
      say(text.str());
    }
  }
  void log(const Words& words) {
    const Disk& disk = node(words).disk;
    std::string line =
        "after " + std::to_string(disk.start.index.value) + "/" + std::to_string(disk.start.term.value) + ":";
    for (const Entry& entry : disk.log) line += " [" + to_string(entry) + "]";
    say(line);
  }

  std::unique_ptr<Cluster> cluster_;
  std::string out_;
};

}  // namespace

std::string play(const std::string& scenario) {
  Player player;
  std::string out;
  std::istringstream lines(scenario);
  for (std::string line; std::getline(lines, line);) {
    const bool command = line.starts_with("> ");
    const bool comment = line.empty() || line.starts_with("#");
    if (command || comment) out += line + "\n";
    if (command) out += player.command(line.substr(2));
  }
  return out;
}

}  // namespace keyzone::raft::test
