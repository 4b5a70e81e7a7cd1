#include "raft/quorum.h"

#include <gtest/gtest.h>

#include <map>

namespace keyzone::raft {
namespace {

std::vector<NodeId> nodes(std::initializer_list<uint64_t> ids) {
  std::vector<NodeId> out;
  for (uint64_t id : ids) out.push_back(NodeId(id));
  return out;
}

// Node n has match m[n - 1].
LogIndex index_of(const Configuration& configuration, std::vector<uint64_t> m) {
  return quorum_index(configuration, [&](NodeId node) { return LogIndex(m[node.value - 1]); });
}

TEST(Quorum, IndexIsWhatAMajorityHas) {
  EXPECT_EQ(index_of({}, {}).value, 0u);
  EXPECT_EQ(index_of({nodes({1}), {}, {}, {}}, {7}).value, 7u);
  EXPECT_EQ(index_of({nodes({1, 2}), {}, {}, {}}, {7, 5}).value, 5u);
  EXPECT_EQ(index_of({nodes({1, 2, 3}), {}, {}, {}}, {7, 5, 1}).value, 5u);
  EXPECT_EQ(index_of({nodes({1, 2, 3, 4}), {}, {}, {}}, {7, 6, 5, 1}).value, 5u);
  EXPECT_EQ(index_of({nodes({1, 2, 3}), {}, nodes({4}), {}}, {7, 1, 1, 9}).value,
            1u);  // learners don't count
}

TEST(Quorum, JointNeedsBothMajorities) {
  const Configuration joint{nodes({1, 2, 3}), nodes({3, 4, 5}), {}, {}};
  EXPECT_EQ(index_of(joint, {9, 9, 9, 2, 1}).value, 2u);
  EXPECT_EQ(index_of(joint, {1, 2, 9, 9, 9}).value, 2u);
  const auto granted = [](std::map<uint64_t, int> votes) {
    return [votes](NodeId node) { return votes.contains(node.value) ? votes.at(node.value) : 0; };
  };
  EXPECT_EQ(count_votes(joint, granted({{1, 1}, {2, 1}})), VoteResult::kPending);
  EXPECT_EQ(count_votes(joint, granted({{1, 1}, {2, 1}, {4, 1}, {5, 1}})), VoteResult::kWon);
  EXPECT_EQ(count_votes(joint, granted({{1, 1}, {2, 1}, {3, 1}, {4, -1}, {5, -1}})), VoteResult::kLost);
}

TEST(Configuration, EncodesAndDecodes) {
  const Configuration all{nodes({1, 2, 300}), nodes({1, 4}), nodes({5}), nodes({4})};
  EXPECT_EQ(*Configuration::decode(all.encode()), all);
  EXPECT_EQ(*Configuration::decode(Configuration().encode()), Configuration());
  const Configuration three{nodes({1, 2, 3}), {}, {}, {}};
  EXPECT_EQ(three.encode(), Bytes("\x03\x01\x02\x03\x00\x00\x00", 7));
  const Configuration versioned{nodes({1, 2, 3}), {}, {}, {}, 9};
  EXPECT_EQ(versioned.encode(), Bytes("\x03\x01\x02\x03\x00\x00\x00\x09", 8));
  EXPECT_EQ(*Configuration::decode(versioned.encode()), versioned);
}

TEST(Configuration, RefusesWhatIsNoConfiguration) {
  const Bytes good = Configuration{nodes({1, 2, 3}), {}, nodes({7}), {}}.encode();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Configuration::decode(BytesView(good).substr(0, size))) << size;
  }
  EXPECT_FALSE(Configuration::decode(good + '\0'));  // a version is not written if it is 0
  EXPECT_FALSE(Configuration::decode(good + "xx"));
  EXPECT_FALSE(Configuration::decode(good + '\x80'));
  EXPECT_FALSE(Configuration::decode(Bytes("\x02\x02\x01\x00\x00\x00", 6)));  // not ascending
  EXPECT_FALSE(Configuration::decode(Bytes("\x01\x00\x00\x00\x00", 5)));      // no node has id 0
  EXPECT_FALSE(Configuration::decode(Bytes("\x00\x00\x01\x05\x00", 5)));      // learners and no voters
}

TEST(Configuration, LeavesTheJointOne) {
  const Configuration joint{nodes({1, 2}), nodes({1, 2, 3}), nodes({5}), nodes({3}), 7};
  EXPECT_EQ(joint.left_joint(), (Configuration{nodes({1, 2}), {}, nodes({3, 5}), {}, 7}));
}

}  // namespace
}  // namespace keyzone::raft
