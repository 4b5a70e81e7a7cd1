
#include <algorithm>
#include <tuple>

#include "actors/batch_log.h"
#include "actors/logging.h"
#include "actors/placement.h"
#include "actors/supervisor_actor.h"

namespace keyzone::actors {

// The newest link that we dialled there, if its end has said who it is.
const LinkHello* Supervisor::heard_at(const HostPort& address) const {
  const auto found = std::find_if(links_.rbegin(), links_.rend(),
                                  [&](const auto& link) { return link.second.dialled == address; });
  return found == links_.rend() ? nullptr : &found->second;
}

// A seed may have another name for our address: it has turned out to be our own when we dialled it.
bool Supervisor::is_own(const HostPort& address) const {
  if (address == own_address()) return true;
  const LinkHello* link = heard_at(address);
  return link && link->hello.host == context_.host;
}

void Supervisor::update_dials() {
  DialList list;
  list.addresses = context_.options.seeds;
  if (catalog_) {
    for (const auto& [id, node] : catalog_->nodes) {
      if (!node.replaced) list.addresses.push_back({node.listen_address, node.storage_port});
    }
  }
  auto& all = list.addresses;
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return std::tie(a.host, a.port) < std::tie(b.host, b.port); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::erase(all, own_address());
  if (all == dialled_) return;
  dialled_ = all;
  send_message(context_.hub, DialListPtr(std::make_shared<DialList>(std::move(list))));
}

// The configured voters of the catalog, each with the link to it, when all of them have said who they are.
std::optional<std::vector<std::pair<HostPort, const LinkHello*>>> Supervisor::seeds_heard() const {
  std::vector<std::pair<HostPort, const LinkHello*>> out;
  for (const auto& seed : context_.options.seeds) {
    if (is_own(seed)) continue;
    const LinkHello* found = heard_at(seed);
    if (!found) return std::nullopt;
    out.push_back({seed, found});
  }
  return out;
}

// A cluster begins when every configured voter of the catalog is there and is empty; the first of them mints
// it.
void Supervisor::try_to_found() {
  if (context_.options.seeds.empty() || !is_own(context_.options.seeds.front())) return;
  auto seeds = seeds_heard();
  if (!seeds) return;
  for (const auto& [address, link] : *seeds) {
    if (!link->hello.cluster.is_nil()) return;  // there is a cluster already: join it
  }
  identity_.cluster = mint_uuid(context_.environment);
  identity_.cluster_name = context_.options.cluster_name;
  uint64_t next = 1;
  identity_.node = NodeId(next++);
  identity_.founders = {{identity_.node, context_.options.name, context_.options.zone,
                         context_.options.told_address(), context_.options.storage_port, context_.host}};
  for (const auto& [address, link] : *seeds) {
    identity_.founders.push_back({NodeId(next++), link->hello.name, link->hello.zone, link->hello.address,
                                  address.port, link->hello.host});
  }
  become_member();
}

// Keeps what we have become, durably, before anyone hears of it.
void Supervisor::become_member() {
  if (auto kept = write_identity(*context_.environment.files, context_.options.folder, identity_); !kept) {
    return context_.environment.fatal("the identity can't be kept: " + kept.error().message);
  }
  context_.cluster = identity_.cluster;
  context_.self = identity_.node;
  alive_ = {context_.self};
  log_info("node '{}' is node {} of the cluster '{}' ({})", context_.options.name, context_.self.value,
           identity_.cluster_name, identity_.cluster.to_string());
  links_.clear();
  send_message(context_.hub, IdentityChangedPtr(std::make_shared<IdentityChanged>()));
  start_member();
}

// The founder whose disk this is.
const Member* Supervisor::founder(const Uuid& host) const {
  const auto& all = identity_.founders;
  const auto it = std::find_if(all.begin(), all.end(), [&](const Member& one) { return one.host == host; });
  return it == all.end() || host.is_nil() ? nullptr : &*it;
}

// The other founders, until each has kept its identity; any that has kept its own may invite. A disk that was
// emptied meanwhile has another host id, and is not invited: it joins as a new node. Nor is one whose place
// was given to another disk.
void Supervisor::invite_founders() {
  for (const auto& [number, link] : links_) {
    if (!link.hello.cluster.is_nil()) continue;
    const Member* member = founder(link.hello.host);
    if (!member) continue;
    if (catalog_) {
      const auto known = catalog_->nodes.find(member->node);
      if (known != catalog_->nodes.end() && known->second.replaced) continue;
    }
    Welcome welcome;
    welcome.cluster = identity_.cluster;
    welcome.cluster_name = identity_.cluster_name;
    welcome.host = member->host;
    welcome.node = member->node;
    welcome.members = identity_.founders;
    welcome.founding = true;
    send_on(number, std::move(welcome));
  }
}

void Supervisor::send_on(uint64_t link, std::variant<Join, Welcome> word) {
  PeerItem item;
  std::visit([&item](auto& body) { item.body = std::move(body); }, word);
  send_message(context_.hub, SendOnLinkPtr(std::make_shared<SendOnLink>(SendOnLink{link, std::move(item)})));
}

Node Supervisor::own_node() const {
  Node node;
  node.id = context_.self;
  node.host_id = context_.host;
  node.name = context_.options.name;
  node.zone = context_.options.zone;
  node.data_center = context_.options.data_center;
  node.listen_address = context_.options.told_address();
  node.storage_port = context_.options.storage_port;
  node.rpc_address = context_.options.told_rpc_address();
  node.native_transport_port = context_.options.native_transport_port;
  return node;
}

// An empty node asks every member that it sees; the catalog's leader answers. A member says by the same word
// what has changed about it.
void Supervisor::ask_to_join() {
  for (const auto& [number, link] : links_) {
    if (!link.hello.cluster.is_nil()) send_on(number, Join{own_node()});
  }
}

void Supervisor::from_stranger(const FromStranger& word) {
  if (auto* join = std::get_if<Join>(&word.item.body)) return handle_join(word.link, word.hello, join->node);
  auto* welcome = std::get_if<Welcome>(&word.item.body);
  if (!welcome || context_.self.value || welcome->host != context_.host) return;
  if (!welcome->refused.empty()) {
    return context_.environment.fatal("the cluster '" + welcome->cluster_name +
                                      "' refuses this node: " + welcome->refused);
  }
  if (welcome->cluster_name != context_.options.cluster_name) {
    return context_.environment.fatal("the seeds belong to the cluster '" + welcome->cluster_name +
                                      "', and this node is configured for '" + context_.options.cluster_name +
                                      "'");
  }
  identity_.cluster = welcome->cluster;
  identity_.cluster_name = welcome->cluster_name;
  identity_.node = welcome->node;
  if (welcome->founding) identity_.founders = welcome->members;
  become_member();
}

// REQUIRES: the catalog's leader, else the word is ignored; it will be said again.
void Supervisor::handle_join(uint64_t link, const net::PeerHello& hello, Node node) {
  if (!leads_catalog() || !catalog_ || catalog_->version.value == 0) return;
  if (hello.cluster == context_.cluster && hello.node.value) {  // a member
    node.id = hello.node;
    return register_node(node);
  }
  Welcome welcome;
  welcome.cluster = context_.cluster;
  welcome.cluster_name = catalog_->cluster_name;
  welcome.host = node.host_id;
  const Node* same_name = nullptr;
  for (const auto& [id, known] : catalog_->nodes) {
    if (known.host_id == node.host_id) {
      node.id = id;
      if (!known.replaced) {
        if (founder(node.host_id)) return;  // it asked before its invitation came
        welcome.node = id;
        send_on(link, std::move(welcome));
        return register_node(node);
      }
      welcome.refused = "its place was given to another disk";
      return send_on(link, std::move(welcome));
    }
    if (known.name == node.name && !known.replaced) same_name = &known;
  }
  if (same_name && alive_.contains(same_name->id)) {
    welcome.refused = "a node named '" + node.name + "' is alive";
    return send_on(link, std::move(welcome));
  }
  if (same_name && same_name->zone != node.zone) {
    welcome.refused =
        "the node '" + node.name + "' belongs to the zone '" + same_name->zone + "', not '" + node.zone + "'";
    return send_on(link, std::move(welcome));
  }
  admit(node, same_name);
}

void Supervisor::admit(Node node, const Node* lost) {
  CatalogChange change = new_change();
  change.visible = false;
  change.next_id = std::max(catalog_->next_id, kFirstDynamicId) + 1;
  node.id = NodeId(std::max(catalog_->next_id, kFirstDynamicId));
  if (lost) {
    replace_node(*catalog_, lost->id, node.id, change);
    node.tokens = lost->tokens;
    Node gone = *lost;
    gone.replaced = true;
    gone.tokens.clear();
    change.put_nodes.push_back(std::move(gone));
    change.put_nodes.push_back(std::move(node));
  } else {
    auto members = catalog_->members;
    members.push_back({node.id, false});
    change.members = std::move(members);
    change.put_nodes.push_back(std::move(node));
    redraw_rings(change);
  }
  propose(std::move(change));
}

// Rings change freely while there is no data; afterwards a new node has no ranges of its own until some are
// moved.
void Supervisor::redraw_rings(CatalogChange& change) {
  const auto log = batch_log(*catalog_);
  for (const auto& [table, map] : catalog_->tablets) {
    if (!log || table != log->id) return;
  }
  auto nodes = catalog_->nodes;
  for (const auto& node : change.put_nodes) nodes[node.id] = node;
  std::vector<Node> all;
  for (auto& [id, node] : nodes) all.push_back(node);
  draw_rings(all, context_.options.initial_tablets);
  change.put_nodes = std::move(all);
}

// What a node says about itself, if it differs from what the catalog has.
void Supervisor::register_node(const Node& said) {
  auto it = catalog_->nodes.find(said.id);
  if (it == catalog_->nodes.end() || it->second.replaced) return;
  Node node = said;
  node.tokens = it->second.tokens;
  const auto& known = it->second;
  if (std::tie(known.host_id, known.name, known.zone, known.data_center, known.listen_address,
               known.storage_port, known.rpc_address, known.native_transport_port) ==
      std::tie(node.host_id, node.name, node.zone, node.data_center, node.listen_address, node.storage_port,
               node.rpc_address, node.native_transport_port)) {
    return;
  }
  CatalogChange change = new_change();
  change.visible = false;
  change.put_nodes.push_back(std::move(node));
  propose(std::move(change));
}

// The first change of all, by whichever founder leads first.
void Supervisor::begin_catalog() {
  if (identity_.founders.empty() || !leads_catalog() || !catalog_ || catalog_->version.value != 0) return;
  CatalogChange change = new_change();
  change.visible = false;
  change.cluster = {identity_.cluster, identity_.cluster_name};
  change.secret = context_.environment.secret_bytes(32);
  change.next_id = kFirstDynamicId;
  std::vector<CatalogMember> members;
  std::vector<Node> nodes;
  for (const auto& founder : identity_.founders) {
    members.push_back({founder.node, true});
    Node node;
    node.id = founder.node;
    node.name = founder.name;
    node.zone = founder.zone;
    node.data_center = context_.options.data_center;
    node.listen_address = founder.listen_address;
    node.storage_port = founder.storage_port;
    node.host_id = founder.host;
    nodes.push_back(std::move(node));
  }
  for (auto& node : nodes) {
    if (node.id == context_.self) node = own_node();
  }
  draw_rings(nodes, context_.options.initial_tablets);
  change.members = std::move(members);
  change.put_nodes = std::move(nodes);
  propose(std::move(change));
}

// As soon as there are three zones.
void Supervisor::begin_batch_log() {
  if (!leads_catalog() || !catalog_ || catalog_->version.value == 0 || batch_log(*catalog_)) return;
  CatalogChange change = new_change();
  change.visible = false;
  uint64_t next_id = std::max(catalog_->next_id, kFirstDynamicId);
  auto tablets = place_table(*catalog_, kBatchLogTablets, &next_id);
  if (!tablets) return;
  Table table = batch_log_table();
  change.put_tablets.push_back({table.id, *std::move(tablets)});
  change.put_tables.push_back(std::move(table));
  change.next_id = next_id;
  propose(std::move(change));
}

// Until the catalog has it right.
void Supervisor::say_who_we_are() {
  if (!catalog_ || catalog_->version.value == 0) return;
  auto it = catalog_->nodes.find(context_.self);
  const Node own = own_node();
  if (it != catalog_->nodes.end() && it->second.host_id == own.host_id &&
      it->second.rpc_address == own.rpc_address &&
      it->second.native_transport_port == own.native_transport_port &&
      it->second.listen_address == own.listen_address && it->second.data_center == own.data_center) {
    return;
  }
  if (leads_catalog()) return register_node(own);
  for (const auto& [number, link] : links_) {
    if (link.hello.cluster == context_.cluster) send_on(number, Join{own});
  }
}

}  // namespace keyzone::actors
