#include "net/peer_frame.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstring>

#include "net/protocol/primitives.h"
#include "schema/peer_hello.capnp.h"

namespace keyzone::net {
namespace {

constexpr size_t kFirstBuffer = 64 << 10;
constexpr size_t kMaxNameLength = 255;

size_t round_up(size_t bytes) { return (bytes + sizeof(Word) - 1) & ~(sizeof(Word) - 1); }

capnp::Data::Reader as_data(const Uuid& uuid) { return {uuid.bytes.data(), uuid.bytes.size()}; }

bool read_uuid(capnp::Data::Reader data, Uuid& out) {
  if (data.size() == 0) return true;
  if (data.size() != out.bytes.size()) return false;
  std::memcpy(out.bytes.data(), data.begin(), data.size());
  return true;
}

}  // namespace

// Aligned memory that frames point into. Bytes are only added behind those that were given out.
struct PeerFrameReader::Buffer {
  explicit Buffer(size_t size) : words(new Word[size / sizeof(Word)]), capacity(size) {}
  char* at(size_t offset) { return reinterpret_cast<char*>(words.get()) + offset; }
  std::unique_ptr<Word[]> words;
  size_t capacity;
};

// Makes room for `bytes` more behind end_: in place, or in a new buffer to which only the unfinished frame
// moves.
void PeerFrameReader::room(size_t bytes) {
  if (buffer_ && buffer_->capacity - end_ >= bytes) return;
  const size_t kept = end_ - start_;
  if (buffer_ && buffer_.use_count() == 1 && buffer_->capacity - kept >= bytes && start_ > 0) {
    std::memmove(buffer_->at(0), buffer_->at(start_), kept);
  } else {
    auto next = std::make_shared<Buffer>(round_up(std::max(kFirstBuffer, (kept + bytes) * 2)));
    if (kept > 0) std::memcpy(next->at(0), buffer_->at(start_), kept);
    buffer_ = std::move(next);
  }
  start_ = 0;
  end_ = kept;
}

Result<void> PeerFrameReader::feed(BytesView bytes, std::vector<PeerFrame>& out) {
  room(bytes.size());
  std::memcpy(buffer_->at(end_), bytes.data(), bytes.size());
  end_ += bytes.size();
  return cut(out);
}

Result<void> PeerFrameReader::lift_limit(std::vector<PeerFrame>& out) {
  limit_ = kMaxPeerFrame;
  return cut(out);
}

Result<void> PeerFrameReader::cut(std::vector<PeerFrame>& out) {
  while (end_ - start_ >= kPeerHeaderSize) {
    if (greeted_ && !lifted()) {
      if (end_ - start_ > kMaxHeldBeforeWelcome)
        return protocol_error("too many bytes behind a Hello that was not accepted");
      break;
    }
    const char* header = buffer_->at(start_);
    const size_t size = size_t{load_le<uint32_t>(header)} * sizeof(Word);
    if (size > limit_) {
      return protocol_error("a peer frame of " + std::to_string(size) + " bytes; the limit is " +
                            std::to_string(limit_));
    }
    if (end_ - start_ < kPeerHeaderSize + size) break;
    PeerFrame frame;
    frame.channel = load_le<uint32_t>(header + 4);
    frame.words = {buffer_->words.get() + (start_ + kPeerHeaderSize) / sizeof(Word), size / sizeof(Word)};
    frame.owner = buffer_;
    out.push_back(std::move(frame));
    start_ += kPeerHeaderSize + size;
    greeted_ = true;
  }
  return {};
}

size_t begin_peer_frame(Bytes& out, uint32_t channel) {
  const size_t start = out.size();
  append_le(out, uint32_t{0});
  append_le(out, channel);
  return start;
}

void finish_peer_frame(Bytes& out, size_t start) {
  const size_t size = out.size() - start - kPeerHeaderSize;
  KEYZONE_ASSERT(size % sizeof(Word) == 0 && size <= kMaxPeerFrame);
  const auto words = static_cast<uint32_t>(size / sizeof(Word));
  std::memcpy(out.data() + start, &words, sizeof words);
}

void append_peer_frame(Bytes& out, uint32_t channel, BytesView message) {
  const size_t start = begin_peer_frame(out, channel);
  out.append(message);
  finish_peer_frame(out, start);
}

void append_peer_hello(Bytes& out, const PeerHello& hello) {
  KEYZONE_ASSERT(hello.name.size() <= kMaxNameLength && hello.zone.size() <= kMaxNameLength &&
                 hello.address.size() <= kMaxNameLength);
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<wire::PeerHello>();
  if (!hello.cluster.is_nil()) root.setCluster(as_data(hello.cluster));
  root.setProtocol(hello.protocol);
  root.setNode(hello.node.value);
  root.setHost(as_data(hello.host));
  root.setName(hello.name);
  root.setZone(hello.zone);
  root.setIncarnation(hello.incarnation);
  root.setAddress(hello.address);
  const auto words = capnp::messageToFlatArray(message);
  const auto chars = words.asChars();
  append_peer_frame(out, kHelloChannel, {chars.begin(), chars.size()});
}

Result<PeerHello> decode_peer_hello(const PeerFrame& frame) {
  if (frame.channel != kHelloChannel) return protocol_error("the first frame of a link is no Hello");
  try {
    capnp::FlatArrayMessageReader reader(
        {reinterpret_cast<const capnp::word*>(frame.words.data()), frame.words.size()});
    const auto root = reader.getRoot<wire::PeerHello>();
    PeerHello hello;
    if (!read_uuid(root.getCluster(), hello.cluster) || !read_uuid(root.getHost(), hello.host)) {
      return protocol_error("a Hello with an id that has not 16 bytes");
    }
    hello.protocol = root.getProtocol();
    hello.node = NodeId(root.getNode());
    hello.name = std::string(root.getName().begin(), root.getName().size());
    hello.zone = std::string(root.getZone().begin(), root.getZone().size());
    hello.incarnation = root.getIncarnation();
    hello.address = std::string(root.getAddress().begin(), root.getAddress().size());
    if (hello.name.size() > kMaxNameLength || hello.zone.size() > kMaxNameLength ||
        hello.address.size() > kMaxNameLength) {
      return protocol_error("a Hello with a name of more than " + std::to_string(kMaxNameLength) + " bytes");
    }
    return hello;
  } catch (const kj::Exception& e) {
    return protocol_error(std::string("a Hello that does not decode: ") + e.getDescription().cStr());
  }
}

}  // namespace keyzone::net
