#include "actors/peer_codec.h"

#include <gtest/gtest.h>

#include <cstring>

#include "actors/random.h"

namespace keyzone::actors {
namespace {

net::PeerFrame frame_of(const Bytes& message) {
  auto words = std::make_shared<std::vector<net::Word>>((message.size() + 7) / 8);
  std::memcpy(words->data(), message.data(), message.size());
  net::PeerFrame frame;
  frame.channel = kBatchChannel;
  frame.words = *words;
  frame.owner = words;
  return frame;
}

std::vector<PeerItemPtr> one_of_each() {
  std::vector<PeerItemPtr> items;
  Heartbeat beat;
  beat.catalog = CatalogVersion(7);
  beat.catalog_leader = NodeId(2);
  beat.load.cpu_time_us = 99;
  beat.load.disk_full = true;
  beat.led = {{GroupId(100), Term(3)}, {GroupId(101), Term(1)}};
  beat.led_from = 4;
  beat.led_version = 6;
  beat.led_seen = 5;
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(), beat}));
  raft::Message append;
  append.kind = raft::MessageKind::kAppend;
  append.from = NodeId(1);
  append.to = NodeId(2);
  append.term = Term(3);
  append.index = LogIndex(4);
  append.entries = {
      {LogIndex(5), Term(3), raft::EntryKind::kNormal, std::make_shared<const Bytes>("payload")},
      {LogIndex(6), Term(3), raft::EntryKind::kEmpty, nullptr}};
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(9), append}));
  auto writes = std::make_shared<WriteRequests>();
  writes->group = GroupId(9);
  writes->items.push_back({{1, 2}, "command", true});
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(9), WriteRequestsPtr(writes)}));
  auto replies = std::make_shared<Replies>();
  replies->items.push_back({{1, 2}, Outcome()});
  replies->items.push_back({{1, 3}, Refusal{ErrorKind::kOverloaded, NodeId(5), "busy"}});
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(9), RepliesPtr(replies)}));
  SnapshotChunk chunk;
  chunk.transfer = 3;
  chunk.data = "rows";
  chunk.last = true;
  chunk.info.index = LogIndex(77);
  chunk.info.configuration.voters = {NodeId(1), NodeId(2), NodeId(3)};
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(9), chunk}));
  Join join;
  join.node.name = "az1";
  join.node.host_id = Uuid{{1, 2, 3}};
  join.node.rpc_address = "127.0.0.1";
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(), join}));
  Welcome welcome;
  welcome.cluster_name = "Keyzone";
  welcome.members = {{NodeId(1), "az1", "az1", "127.0.0.1", 7000, Uuid{{4}}}};
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(), welcome}));
  auto trace = std::make_shared<TraceFact>();
  trace->request = "Execute CQL3 query";
  items.push_back(std::make_shared<PeerItem>(PeerItem{GroupId(), TraceFactPtr(std::move(trace))}));
  return items;
}

TEST(PeerCodec, WhatIsSentArrives) {
  const Bytes message = encode_batch(one_of_each(), 11, 12);
  ASSERT_EQ(message.size() % sizeof(net::Word), 0u);
  auto batch = decode_batch(frame_of(message), NodeId(2));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->clock, 11);
  EXPECT_EQ(batch->wall_clock, 12);
  ASSERT_EQ(batch->items.size(), 8u);
  const auto& heard = std::get<Heartbeat>(batch->items[0].body);
  EXPECT_EQ(heard.load.cpu_time_us, 99u);
  EXPECT_EQ(heard.led, (std::vector<Led>{{GroupId(100), Term(3)}, {GroupId(101), Term(1)}}));
  EXPECT_EQ(heard.led_from, 4u);
  EXPECT_EQ(heard.led_version, 6u);
  EXPECT_EQ(heard.led_seen, 5u);
  const auto& append = std::get<raft::Message>(batch->items[1].body);
  ASSERT_EQ(append.entries.size(), 2u);
  EXPECT_EQ(*append.entries[0].payload, "payload");
  EXPECT_EQ(append.entries[1].kind, raft::EntryKind::kEmpty);
  const auto& writes = std::get<WriteRequestsPtr>(batch->items[2].body);
  EXPECT_EQ(writes->items[0].command, "command");
  EXPECT_TRUE(writes->items[0].all);
  EXPECT_EQ(writes->origin, NodeId(2));
  const auto& replies = std::get<RepliesPtr>(batch->items[3].body);
  EXPECT_EQ(std::get<Outcome>(replies->items[0].body).kind, OutcomeKind::kDone);
  EXPECT_EQ(std::get<Refusal>(replies->items[1].body).message, "busy");
  EXPECT_EQ(std::get<SnapshotChunk>(batch->items[4].body).info.configuration.voters.size(), 3u);
  EXPECT_EQ(std::get<Join>(batch->items[5].body).node.host_id, (Uuid{{1, 2, 3}}));
  EXPECT_EQ(std::get<Welcome>(batch->items[6].body).members[0].storage_port, 7000);
  EXPECT_EQ(std::get<Welcome>(batch->items[6].body).members[0].host, Uuid{{4}});
  EXPECT_EQ(std::get<TraceFactPtr>(batch->items[7].body)->request, "Execute CQL3 query");
}

// More than a frame holds could gather: answers of 16 MiB each.
TEST(PeerCodec, WhatGatheredIsCutIntoPieces) {
  constexpr size_t kBytes = 1000;
  auto replies = std::make_shared<Replies>();
  auto writes = std::make_shared<WriteRequests>();
  writes->group = GroupId(9);
  for (uint32_t i = 0; i < 7; ++i) {
    ReadResult rows;
    rows.rows = Bytes(kBytes, 'r');
    replies->items.push_back({{1, i}, rows});
    writes->items.push_back({{1, i}, Bytes(kBytes, 'w'), false});
  }
  const PeerItem answers{GroupId(9), RepliesPtr(replies)}, requests{GroupId(9), WriteRequestsPtr(writes)};
  for (const PeerItem& whole : {answers, requests}) {
    const auto pieces = cut(std::make_shared<PeerItem>(whole), 3 * kBytes);
    ASSERT_GE(pieces.size(), 3u);
    uint32_t next = 0;
    for (const auto& piece : pieces) {
      EXPECT_LE(size_of(*piece), 3 * kBytes);
      EXPECT_EQ(piece->group, GroupId(9));
      if (const auto* part = std::get_if<RepliesPtr>(&piece->body)) {
        for (const auto& reply : (*part)->items) EXPECT_EQ(reply.id.sequence, next++);
      } else {
        for (const auto& write : std::get<WriteRequestsPtr>(piece->body)->items)
          EXPECT_EQ(write.id.sequence, next++);
      }
    }
    EXPECT_EQ(next, 7u);
  }
  const auto one = std::make_shared<PeerItem>(PeerItem{GroupId(), Heartbeat()});
  EXPECT_EQ(cut(one, 0).size(), 1u);
}

TEST(PeerCodec, FuzzedFramesAreRefusedOrDecode) {
  const Bytes good = encode_batch(one_of_each(), 11, 12);
  Random random(1);
  size_t refused = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bad = good;
    for (uint64_t flips = 1 + random.below(8); flips > 0; --flips)
      bad[random.below(bad.size())] ^= static_cast<char>(1 << random.below(8));
    bad.resize(random.below(4) ? bad.size() : random.below(bad.size()));
    bad.resize(bad.size() / 8 * 8);
    refused += !decode_batch(frame_of(bad), NodeId(2));
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace keyzone::actors
