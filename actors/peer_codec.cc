#include "actors/peer_codec.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstring>

#include "schema/peer.capnp.h"

namespace keyzone::actors {

namespace {

constexpr size_t kItemOverhead = 64;  // bytes of an item's structs, roughly
constexpr uint64_t kTraversalWords = 4 * net::kMaxPeerFrame / sizeof(net::Word);

capnp::Data::Reader to_data(BytesView v) { return {reinterpret_cast<const kj::byte*>(v.data()), v.size()}; }
capnp::Text::Reader to_text(const std::string& v) { return {v.c_str(), v.size()}; }
BytesView view(capnp::Data::Reader v) { return {reinterpret_cast<const char*>(v.begin()), v.size()}; }
std::string string(capnp::Text::Reader v) { return {v.cStr(), v.size()}; }
BytesView view(const Uuid& v) { return {reinterpret_cast<const char*>(v.bytes.data()), v.bytes.size()}; }
Uuid uuid(capnp::Data::Reader v) {
  Uuid out;
  if (v.size() == out.bytes.size()) std::memcpy(out.bytes.data(), v.begin(), v.size());
  return out;
}

// --- encoding

void write(wire::SnapshotInfo::Builder out, const raft::SnapshotInfo& info) {
  out.setIndex(info.index.value);
  out.setTerm(info.term.value);
  out.setConfiguration(to_data(info.configuration.encode()));
}

void write(wire::RaftMessage::Builder out, const raft::Message& m) {
  out.setKind(static_cast<uint8_t>(m.kind));
  out.setFrom(m.from.value);
  out.setTo(m.to.value);
  out.setTerm(m.term.value);
  out.setIndex(m.index.value);
  out.setLogTerm(m.log_term.value);
  out.setCommit(m.commit.value);
  out.setHint(m.hint.value);
  out.setContext(m.context);
  out.setReject(m.reject);
  out.setForced(m.forced);
  out.setQuiesce(m.quiesce);
  out.setFaulty(m.faulty);
  out.setInstalling(m.installing);
  out.setIncarnation(m.incarnation);
  out.setClock(m.clock);
  if (!m.entries.empty()) {
    auto entries = out.initEntries(static_cast<unsigned>(m.entries.size()));
    for (unsigned i = 0; i < entries.size(); ++i) {
      const auto& entry = m.entries[i];
      entries[i].setIndex(entry.index.value);
      entries[i].setTerm(entry.term.value);
      entries[i].setKind(static_cast<uint8_t>(entry.kind));
      if (entry.payload) entries[i].setPayload(to_data(*entry.payload));
    }
  }
  if (m.kind == raft::MessageKind::kInstallSnapshot) write(out.initSnapshot(), m.snapshot);
}

void write(wire::Reply::Builder out, const Reply& reply) {
  out.setIncarnation(reply.id.incarnation);
  out.setSequence(reply.id.sequence);
  if (auto* outcome = std::get_if<Outcome>(&reply.body)) {
    if (outcome->kind == OutcomeKind::kDone && outcome->message.empty() && outcome->current.row_count == 0) {
      out.setDone();
    } else {
      out.setOutcome(to_data(encode_outcome(*outcome)));
    }
  } else if (auto* rows = std::get_if<ReadResult>(&reply.body)) {
    out.setRows(to_data(encode_read_result(*rows)));
  } else {
    const auto& refusal = std::get<Refusal>(reply.body);
    auto refused = out.initRefused();
    refused.setKind(static_cast<uint8_t>(refusal.kind));
    refused.setLeader(refusal.leader.value);
    refused.setMessage(to_text(refusal.message));
  }
}

struct ItemWriter {
  wire::PeerItem::Builder out;

  void operator()(const Heartbeat& v) {
    auto heartbeat = out.initHeartbeat();
    heartbeat.setCatalogVersion(v.catalog.value);
    heartbeat.setCatalogLeader(v.catalog_leader.value);
    heartbeat.setStopping(v.stopping);
    heartbeat.setLeaders(v.load.leaders);
    heartbeat.setReplicas(v.load.replicas);
    heartbeat.setDataBytes(v.load.data_bytes);
    heartbeat.setLogBytes(v.load.log_bytes);
    heartbeat.setCpuTime(v.load.cpu_time_us);
    heartbeat.setUptime(v.load.uptime_ms);
    heartbeat.setDiskFull(v.load.disk_full);
    heartbeat.setLedFrom(v.led_from);
    heartbeat.setLedVersion(v.led_version);
    heartbeat.setLedSeen(v.led_seen);
    if (v.led.empty()) return;
    auto led = heartbeat.initLed(static_cast<unsigned>(v.led.size()));
    for (unsigned i = 0; i < led.size(); ++i) {
      led[i].setGroup(v.led[i].group.value);
      led[i].setTerm(v.led[i].term.value);
    }
  }
  void operator()(const raft::Message& v) { write(out.initRaft(), v); }
  void operator()(const WriteRequestsPtr& v) {
    auto writes = out.initWrites(static_cast<unsigned>(v->items.size()));
    for (unsigned i = 0; i < writes.size(); ++i) {
      writes[i].setIncarnation(v->items[i].id.incarnation);
      writes[i].setSequence(v->items[i].id.sequence);
      writes[i].setCommand(to_data(v->items[i].command));
      writes[i].setAll(v->items[i].all);
    }
  }
  void operator()(const ReadRequestsPtr& v) {
    auto reads = out.initReads(static_cast<unsigned>(v->items.size()));
    for (unsigned i = 0; i < reads.size(); ++i) {
      reads[i].setIncarnation(v->items[i].id.incarnation);
      reads[i].setSequence(v->items[i].id.sequence);
      reads[i].setRequest(to_data(encode_read(*v->items[i].request)));
      reads[i].setNearest(v->items[i].nearest);
    }
  }
  void operator()(const RepliesPtr& v) {
    auto replies = out.initReplies(static_cast<unsigned>(v->items.size()));
    for (unsigned i = 0; i < replies.size(); ++i) write(replies[i], v->items[i]);
  }
  void operator()(const TraceFactPtr& v) { out.setTrace(to_data(encode_trace(*v))); }
  void operator()(const SnapshotRequest& v) {
    auto request = out.initSnapshotRequest();
    request.setTransfer(v.transfer);
    request.setChunk(v.chunk);
  }
  void operator()(const SnapshotChunk& v) {
    auto chunk = out.initSnapshotChunk();
    chunk.setTransfer(v.transfer);
    chunk.setChunk(v.chunk);
    chunk.setData(to_data(v.data));
    chunk.setLast(v.last);
    chunk.setFailed(v.failed);
    write(chunk.initInfo(), v.info);
  }
  void operator()(const CatalogRequest& v) {
    auto request = out.initCatalogChange();
    request.setIncarnation(v.id.incarnation);
    request.setSequence(v.id.sequence);
    request.setChange(to_data(v.change));
  }
  void operator()(const Join& v) {
    auto join = out.initJoin();
    join.setName(to_text(v.node.name));
    join.setHost(to_data(view(v.node.host_id)));
    join.setZone(to_text(v.node.zone));
    join.setDataCenter(to_text(v.node.data_center));
    join.setListenAddress(to_text(v.node.listen_address));
    join.setStoragePort(v.node.storage_port);
    join.setRpcAddress(to_text(v.node.rpc_address));
    join.setNativePort(v.node.native_transport_port);
  }
  void operator()(const Welcome& v) {
    auto welcome = out.initWelcome();
    welcome.setCluster(to_data(view(v.cluster)));
    welcome.setClusterName(to_text(v.cluster_name));
    welcome.setHost(to_data(view(v.host)));
    welcome.setNode(v.node.value);
    welcome.setFounding(v.founding);
    welcome.setRefused(to_text(v.refused));
    auto members = welcome.initMembers(static_cast<unsigned>(v.members.size()));
    for (unsigned i = 0; i < members.size(); ++i) {
      members[i].setNode(v.members[i].node.value);
      members[i].setName(to_text(v.members[i].name));
      members[i].setZone(to_text(v.members[i].zone));
      members[i].setListenAddress(to_text(v.members[i].listen_address));
      members[i].setStoragePort(v.members[i].storage_port);
      members[i].setHost(to_data(view(v.members[i].host)));
    }
  }
};

// --- decoding. A failure is reported by throwing kj::Exception, caught in decode_batch.

raft::SnapshotInfo read(wire::SnapshotInfo::Reader in) {
  auto configuration = raft::Configuration::decode(view(in.getConfiguration()));
  KJ_REQUIRE(configuration.ok(), "a configuration does not decode");
  return {LogIndex(in.getIndex()), Term(in.getTerm()), *std::move(configuration)};
}

raft::Message read(wire::RaftMessage::Reader in) {
  raft::Message m;
  m.kind = static_cast<raft::MessageKind>(in.getKind());
  KJ_REQUIRE(m.kind <= raft::MessageKind::kReadIndexReply, "unknown kind of Raft message");
  m.from = NodeId(in.getFrom());
  m.to = NodeId(in.getTo());
  m.term = Term(in.getTerm());
  m.index = LogIndex(in.getIndex());
  m.log_term = Term(in.getLogTerm());
  m.commit = LogIndex(in.getCommit());
  m.hint = LogIndex(in.getHint());
  m.context = in.getContext();
  m.reject = in.getReject();
  m.forced = in.getForced();
  m.quiesce = in.getQuiesce();
  m.faulty = in.getFaulty();
  m.installing = in.getInstalling();
  m.incarnation = in.getIncarnation();
  m.clock = in.getClock();
  auto entries = in.getEntries();
  m.entries.reserve(entries.size());
  for (auto entry : entries) {
    KJ_REQUIRE(entry.getKind() <= static_cast<uint8_t>(raft::EntryKind::kEmpty), "unknown kind of entry");
    raft::Payload payload;
    if (entry.hasPayload()) payload = std::make_shared<const Bytes>(view(entry.getPayload()));
    m.entries.push_back({LogIndex(entry.getIndex()), Term(entry.getTerm()),
                         static_cast<raft::EntryKind>(entry.getKind()), std::move(payload)});
  }
  if (m.kind == raft::MessageKind::kInstallSnapshot) m.snapshot = read(in.getSnapshot());
  return m;
}

Reply read(wire::Reply::Reader in) {
  Reply reply;
  reply.id = {in.getIncarnation(), in.getSequence()};
  switch (in.which()) {
    case wire::Reply::DONE:
      break;
    case wire::Reply::OUTCOME: {
      auto outcome = decode_outcome(view(in.getOutcome()));
      KJ_REQUIRE(outcome.ok(), "an outcome does not decode");
      reply.body = *std::move(outcome);
      break;
    }
    case wire::Reply::ROWS: {
      auto rows = decode_read_result(view(in.getRows()));
      KJ_REQUIRE(rows.ok(), "rows do not decode");
      reply.body = *std::move(rows);
      break;
    }
    case wire::Reply::REFUSED: {
      auto refused = in.getRefused();
      KJ_REQUIRE(refused.getKind() <= static_cast<uint8_t>(ErrorKind::kServer), "unknown kind of error");
      reply.body = Refusal{static_cast<ErrorKind>(refused.getKind()), NodeId(refused.getLeader()),
                           string(refused.getMessage())};
      break;
    }
  }
  return reply;
}

Join read(wire::Join::Reader in) {
  Join join;
  join.node.name = string(in.getName());
  join.node.host_id = uuid(in.getHost());
  join.node.zone = string(in.getZone());
  join.node.data_center = string(in.getDataCenter());
  join.node.listen_address = string(in.getListenAddress());
  join.node.storage_port = in.getStoragePort();
  join.node.rpc_address = string(in.getRpcAddress());
  join.node.native_transport_port = in.getNativePort();
  return join;
}

Welcome read(wire::Welcome::Reader in) {
  Welcome welcome;
  welcome.cluster = uuid(in.getCluster());
  welcome.cluster_name = string(in.getClusterName());
  welcome.host = uuid(in.getHost());
  welcome.node = NodeId(in.getNode());
  welcome.founding = in.getFounding();
  welcome.refused = string(in.getRefused());
  for (auto member : in.getMembers()) {
    welcome.members.push_back({NodeId(member.getNode()), string(member.getName()), string(member.getZone()),
                               string(member.getListenAddress()), member.getStoragePort(),
                               uuid(member.getHost())});
  }
  return welcome;
}

WriteRequestsPtr read(GroupId group, NodeId from, capnp::List<wire::WriteItem>::Reader in) {
  auto writes = std::make_shared<WriteRequests>();
  writes->group = group;
  writes->origin = from;
  writes->items.reserve(in.size());
  for (auto item : in) {
    writes->items.push_back(
        {{item.getIncarnation(), item.getSequence()}, Bytes(view(item.getCommand())), item.getAll()});
  }
  return writes;
}

ReadRequestsPtr read(GroupId group, NodeId from, capnp::List<wire::ReadItem>::Reader in) {
  auto reads = std::make_shared<ReadRequests>();
  reads->group = group;
  reads->origin = from;
  reads->items.reserve(in.size());
  for (auto item : in) {
    auto request = decode_read(view(item.getRequest()));
    KJ_REQUIRE(request.ok(), "a read request does not decode");
    reads->items.push_back({{item.getIncarnation(), item.getSequence()},
                            std::make_shared<const ReadRequest>(*std::move(request)),
                            item.getNearest()});
  }
  return reads;
}

PeerItem read(wire::PeerItem::Reader in, NodeId from) {
  PeerItem item;
  item.group = GroupId(in.getGroup());
  switch (in.which()) {
    case wire::PeerItem::HEARTBEAT: {
      auto v = in.getHeartbeat();
      Heartbeat beat;
      beat.catalog = CatalogVersion(v.getCatalogVersion());
      beat.catalog_leader = NodeId(v.getCatalogLeader());
      beat.stopping = v.getStopping();
      beat.load = {v.getLeaders(), v.getReplicas(), v.getDataBytes(), v.getLogBytes(),
                   v.getCpuTime(), v.getUptime(),   v.getDiskFull()};
      for (auto led : v.getLed()) beat.led.push_back({GroupId(led.getGroup()), Term(led.getTerm())});
      beat.led_from = v.getLedFrom();
      beat.led_version = v.getLedVersion();
      beat.led_seen = v.getLedSeen();
      item.body = std::move(beat);
      break;
    }
    case wire::PeerItem::RAFT:
      item.body = read(in.getRaft());
      break;
    case wire::PeerItem::WRITES:
      item.body = read(item.group, from, in.getWrites());
      break;
    case wire::PeerItem::READS:
      item.body = read(item.group, from, in.getReads());
      break;
    case wire::PeerItem::REPLIES: {
      auto replies = std::make_shared<Replies>();
      replies->items.reserve(in.getReplies().size());
      for (auto reply : in.getReplies()) replies->items.push_back(read(reply));
      item.body = RepliesPtr(std::move(replies));
      break;
    }
    case wire::PeerItem::SNAPSHOT_REQUEST: {
      auto v = in.getSnapshotRequest();
      item.body = SnapshotRequest{from, v.getTransfer(), v.getChunk()};
      break;
    }
    case wire::PeerItem::SNAPSHOT_CHUNK: {
      auto v = in.getSnapshotChunk();
      item.body = SnapshotChunk{v.getTransfer(), v.getChunk(),  Bytes(view(v.getData())),
                                v.getLast(),     v.getFailed(), read(v.getInfo())};
      break;
    }
    case wire::PeerItem::CATALOG_CHANGE: {
      auto v = in.getCatalogChange();
      item.body = CatalogRequest{{v.getIncarnation(), v.getSequence()}, from, Bytes(view(v.getChange()))};
      break;
    }
    case wire::PeerItem::JOIN:
      item.body = read(in.getJoin());
      break;
    case wire::PeerItem::WELCOME:
      item.body = read(in.getWelcome());
      break;
    case wire::PeerItem::TRACE: {
      auto trace = decode_trace(view(in.getTrace()));
      KJ_REQUIRE(trace.ok(), "a trace");
      item.body = *std::move(trace);
      break;
    }
  }
  return item;
}

}  // namespace

Bytes encode_batch(const std::vector<PeerItemPtr>& items, Timestamp clock, Timestamp wall_clock) {
  size_t size = kItemOverhead;
  for (const auto& item : items) size += size_of(*item);
  capnp::MallocMessageBuilder message(static_cast<unsigned>(size / sizeof(capnp::word) + 64));
  auto batch = message.initRoot<wire::PeerBatch>();
  batch.setClock(clock);
  batch.setWallClock(wall_clock);
  auto list = batch.initItems(static_cast<unsigned>(items.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    list[i].setGroup(items[i]->group.value);
    std::visit(ItemWriter{list[i]}, items[i]->body);
  }
  const auto segments = message.getSegmentsForOutput();
  Bytes out;
  out.resize(capnp::computeSerializedSizeInWords(segments) * sizeof(capnp::word));
  kj::ArrayOutputStream stream(kj::arrayPtr(reinterpret_cast<kj::byte*>(out.data()), out.size()));
  capnp::writeMessage(stream, segments);
  return out;
}

Result<PeerBatch> decode_batch(const net::PeerFrame& frame, NodeId from) {
  try {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = kTraversalWords;
    capnp::FlatArrayMessageReader message(
        kj::arrayPtr(reinterpret_cast<const capnp::word*>(frame.words.data()), frame.words.size()), options);
    auto in = message.getRoot<wire::PeerBatch>();
    PeerBatch batch;
    batch.clock = in.getClock();
    batch.wall_clock = in.getWallClock();
    auto items = in.getItems();
    batch.items.reserve(items.size());
    for (auto item : items) batch.items.push_back(read(item, from));
    return batch;
  } catch (const kj::Exception& exception) {
    return Error{ErrorKind::kCorrupt,
                 std::string("a peer's frame does not decode: ") + exception.getDescription().cStr()};
  }
}

size_t size_of(const PeerItem& item) {
  struct Sizer {
    size_t operator()(const Heartbeat& v) { return v.led.size() * sizeof(Led); }
    size_t operator()(const raft::Message& v) { return v.size() + 40 * v.entries.size() + 96; }
    size_t operator()(const WriteRequestsPtr& v) {
      size_t size = 0;
      for (const auto& write : v->items) size += write.command.size() + 40;
      return size;
    }
    size_t operator()(const ReadRequestsPtr& v) { return v->items.size() * 256; }
    size_t operator()(const RepliesPtr& v) {
      size_t size = 0;
      for (const auto& reply : v->items) {
        size += 48;
        if (auto* rows = std::get_if<ReadResult>(&reply.body)) size += rows->rows.size() + 64;
        if (auto* outcome = std::get_if<Outcome>(&reply.body)) size += outcome->current.rows.size();
      }
      return size;
    }
    size_t operator()(const SnapshotRequest&) { return 0; }
    size_t operator()(const SnapshotChunk& v) { return v.data.size(); }
    size_t operator()(const CatalogRequest& v) { return v.change.size(); }
    size_t operator()(const Join&) { return 256; }
    size_t operator()(const Welcome& v) { return 256 + v.members.size() * 128; }
    size_t operator()(const TraceFactPtr& v) { return 512 + v->events.size() * 256; }
  };
  return kItemOverhead + std::visit(Sizer{}, item.body);
}

std::vector<PeerItemPtr> cut(PeerItemPtr item, size_t bytes_max) {
  std::vector<PeerItemPtr> pieces;
  const auto halve = [&](const auto& list) {
    using List = std::decay_t<decltype(*list)>;
    const auto middle = static_cast<ptrdiff_t>(list->items.size() / 2);
    if (middle == 0) return false;
    auto head = std::make_shared<List>(*list), tail = std::make_shared<List>(*list);
    head->items.erase(head->items.begin() + middle, head->items.end());
    tail->items.erase(tail->items.begin(), tail->items.begin() + middle);
    for (auto& half : {std::move(head), std::move(tail)}) {
      auto cut_half = cut(std::make_shared<PeerItem>(PeerItem{item->group, std::move(half)}), bytes_max);
      pieces.insert(pieces.end(), cut_half.begin(), cut_half.end());
    }
    return true;
  };
  if (size_of(*item) > bytes_max) {
    if (const auto* writes = std::get_if<WriteRequestsPtr>(&item->body); writes && halve(*writes))
      return pieces;
    if (const auto* replies = std::get_if<RepliesPtr>(&item->body); replies && halve(*replies)) return pieces;
  }
  pieces.push_back(std::move(item));
  return pieces;
}

}  // namespace keyzone::actors
