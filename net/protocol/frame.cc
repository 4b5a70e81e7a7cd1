#include "net/protocol/frame.h"

#include "net/protocol/compression.h"
#include "net/protocol/response.h"
#include "schema/text.h"

namespace keyzone::net {
namespace {

constexpr size_t kStreamOffset = 2;
constexpr int16_t kNoStream = 0;  // of an answer to no request that is known
constexpr size_t kOpcodeOffset = 4;
constexpr size_t kLengthOffset = 5;
constexpr size_t kCompressFrom = 64;      // bytes of a body; below it, compression only costs
constexpr size_t kReserveMax = 64 << 10;  // of output, from how much the last burst had

}  // namespace

std::string unsupported_version_message(uint8_t version_byte, uint8_t max_version) {
  return "Invalid or unsupported protocol version (" + std::to_string(version_byte) +
         "); supported versions are (" + joined(version_names(max_version)) + ")";
}

// --- reader ---

FrameReader::FrameReader(Options options)
    : options_(options), limit_(std::min(options.max_body_before_ready, options.max_body)) {}

void FrameReader::feed(BytesView bytes) {
  KEYZONE_ASSERT(input_.empty() && payload_.empty());
  held_.clear();
  if (!failed_) input_ = bytes;
}

FrameReader::Step FrameReader::next(Frame& out) {
  if (failed_) return Step::kFailed;
  if (waiting_) {
    carry_.append(input_);
    input_ = {};
    if (carry_.size() > limit_ + kFrameHeaderSize)
      return fail("too many bytes before STARTUP was answered", 0, 0);
    return Step::kMore;
  }
  return segments_ ? next_in_segment(out) : next_plain(out);
}

void FrameReader::startup_done(uint8_t version, Compression codec) {
  version_ = version;
  codec_ = codec;
  segments_ = version >= 5;
  startup_refused();
}

void FrameReader::startup_refused() {
  waiting_ = false;
  if (carry_.empty()) return;
  // What came while we waited may be several frames: read it like a fresh input.
  carry_.append(input_);
  input_ = hold(std::exchange(carry_, {}));
}

std::string oversize_message(const Frame& frame, size_t bytes_max) {
  const std::string most = std::to_string(bytes_max);
  if (frame.version >= 5) {
    return "CQL Message of size " + std::to_string(frame.oversize) + " bytes exceeds allowed maximum of " +
           most + " bytes";
  }
  return "Request is too big: length " + std::to_string(kFrameHeaderSize + frame.oversize) +
         " exceeds maximum allowed length " + most + ".";
}

void FrameReader::lift_limit() {
  limit_ = options_.max_body;
  lifted_ = true;
}

void FrameReader::begin_skip(BytesView header, size_t body_size) {
  Frame& frame = skipped_.emplace();
  frame.version = static_cast<uint8_t>(header[0]) & static_cast<uint8_t>(~kResponseBit);
  frame.stream = load_be<int16_t>(header.data() + kStreamOffset);
  frame.opcode = static_cast<Opcode>(header[kOpcodeOffset]);
  frame.oversize = skip_left_ = body_size;
}

size_t FrameReader::skip(size_t bytes) {
  const size_t taken = std::min(bytes, skip_left_);
  skip_left_ -= taken;
  return taken;
}

FrameReader::Step FrameReader::finish_skip(Frame& out) {
  out = *std::exchange(skipped_, std::nullopt);
  return std::exchange(refused_, false) ? Step::kRefused : Step::kFrame;
}

bool FrameReader::collect(size_t size, BytesView& out) {
  if (carry_.empty() && input_.size() >= size) {
    out = input_.substr(0, size);
    return true;
  }
  const size_t missing = carry_.size() < size ? size - carry_.size() : 0;
  const BytesView part = input_.substr(0, missing);
  carry_.append(part);
  input_.remove_prefix(part.size());
  out = carry_;
  return carry_.size() >= size;
}

// Takes what collect() found, so that it lives until the next feed.
BytesView FrameReader::consume(size_t size) {
  if (!carry_.empty()) {
    KEYZONE_ASSERT(carry_.size() == size);
    return hold(std::exchange(carry_, {}));
  }
  const BytesView bytes = input_.substr(0, size);
  input_.remove_prefix(size);
  return bytes;
}

BytesView FrameReader::hold(Bytes bytes) { return held_.emplace_back(std::move(bytes)); }

FrameReader::Step FrameReader::next_plain(Frame& out) {
  BytesView bytes;
  if (skipped_) {
    input_.remove_prefix(skip(input_.size()));
    return skip_left_ > 0 ? Step::kMore : finish_skip(out);
  }
  if (!collect(1, bytes)) return Step::kMore;
  if (!speaks(static_cast<uint8_t>(bytes[0]))) return refuse_version(static_cast<uint8_t>(bytes[0]));
  if (!collect(kFrameHeaderSize, bytes)) return Step::kMore;
  size_t body_size = 0;
  const Step checked = check_header(bytes, body_size);
  if (checked == Step::kFailed) return checked;
  refused_ = checked == Step::kRefused;
  if (refused_ || body_size > limit_) {
    begin_skip(consume(kFrameHeaderSize), body_size);
    return next_plain(out);
  }
  if (!collect(kFrameHeaderSize + body_size, bytes)) return Step::kMore;
  return finish(consume(kFrameHeaderSize + body_size), out);
}

FrameReader::Step FrameReader::next_in_segment(Frame& out) {
  for (;;) {
    size_t body_size = 0;
    if (!payload_.empty()) {
      if (payload_.size() < kFrameHeaderSize) return fail_segment("a segment ends within a frame's header");
      const Step checked = check_header(payload_, body_size);
      if (checked == Step::kFailed) return checked;
      const size_t size = kFrameHeaderSize + body_size;
      if (payload_.size() < size) return fail_segment("a self-contained segment ends within a frame");
      const BytesView frame = payload_.substr(0, size);
      payload_.remove_prefix(size);
      if (checked == Step::kRefused) return checked;
      if (body_size > limit_) {
        begin_skip(frame, body_size);
        skip(body_size);
        return finish_skip(out);
      }
      return finish(frame, out);
    }
    if (skipped_) {
      if (skip(envelope_.size()) < envelope_.size())
        return fail_segment("a segment goes on after the frame that it ends");
      envelope_.clear();
      if (skip_left_ == 0) return finish_skip(out);
    } else if (envelope_.size() >= kFrameHeaderSize) {
      const Step checked = check_header(envelope_, body_size);
      if (checked == Step::kFailed) return checked;
      refused_ = checked == Step::kRefused;
      if (refused_ || body_size > limit_) {
        begin_skip(envelope_, body_size);
        envelope_.erase(0, kFrameHeaderSize);
        continue;
      }
      const size_t size = kFrameHeaderSize + body_size;
      if (envelope_.size() > size) return fail_segment("a segment goes on after the frame that it ends");
      if (envelope_.size() == size) return finish(hold(std::exchange(envelope_, {})), out);
    }
    if (const Step step = take_segment(); step != Step::kFrame) return step;
  }
}

// The next segment into payload_ or envelope_: kFrame if there was one.
FrameReader::Step FrameReader::take_segment() {
  BytesView bytes;
  const size_t header_size = segment_header_size(codec_);
  if (!collect(header_size, bytes)) return Step::kMore;
  const auto header = read_segment_header(bytes, codec_);
  if (!header) return fail_segment(header.error().message);
  const size_t size = header_size + header->wire_length + kSegmentTrailerSize;
  if (!collect(size, bytes)) return Step::kMore;
  Bytes plain;
  const auto payload = open_segment(*header, consume(size).substr(header_size), plain);
  if (!payload) return fail_segment(payload.error().message);
  if (header->self_contained) {
    if (!envelope_.empty() || skipped_) return fail_segment("a self-contained segment within a frame");
    payload_ = plain.empty() ? *payload : hold(std::move(plain));
  } else {
    envelope_.append(*payload);
  }
  return Step::kFrame;
}

bool FrameReader::speaks(uint8_t version_byte) const {
  const auto version = static_cast<uint8_t>(version_byte & ~kResponseBit);
  const bool draft = version == kDraftVersion && options_.max_version == kMaxVersion;
  return version >= kMinVersion && (version <= options_.max_version || draft);
}

// How long the frame is can't be known: what has come is dropped, and the answer is to no request.
FrameReader::Step FrameReader::refuse_version(uint8_t version_byte) {
  const auto version = static_cast<uint8_t>(version_byte & ~kResponseBit);
  const bool old = version != 0 && version < kMinVersion;
  const uint8_t version_of_answer = old ? version : version_ != 0 ? version_ : options_.max_version;
  std::string message = unsupported_version_message(version, options_.max_version);
  if (options_.role == Role::kClient) return fail(std::move(message), version_of_answer, kNoStream);
  failure_ = {std::move(message), version_of_answer, kNoStream};
  input_ = {};
  carry_ = {};
  return Step::kRefused;
}

bool FrameReader::find_fault(BytesView header, bool& recoverable) {
  const auto byte = static_cast<uint8_t>(header[0]);
  const auto version = static_cast<uint8_t>(byte & ~kResponseBit);
  const auto stream = load_be<int16_t>(header.data() + kStreamOffset);
  const auto found = [&](std::string message, uint8_t version_of_answer, int16_t stream_of_answer) {
    failure_ = {std::move(message), version_of_answer, stream_of_answer};
    return true;
  };
  if (!speaks(byte))
    return found(unsupported_version_message(version, options_.max_version), version_, stream);
  if (version == kDraftVersion && !(static_cast<uint8_t>(header[1]) & kFlagBeta)) {
    return found(
        "Beta version of the protocol used (" + version_name(version) + "), but USE_BETA flag is unset",
        version, segments_ ? stream : kNoStream);
  }
  const auto opcode = static_cast<uint8_t>(header[kOpcodeOffset]);
  const bool server = options_.role == Role::kServer;
  const auto misdirected = [&](bool got_request) {
    return found(std::string("Wrong protocol direction (expected ") + (got_request ? "RESPONSE" : "REQUEST") +
                     ", got " + (got_request ? "REQUEST" : "RESPONSE") + ") for opcode " +
                     std::to_string(opcode) + " (" + std::string(to_string(static_cast<Opcode>(opcode))) +
                     ")",
                 version_ != 0 ? version_ : version, stream);
  };
  const bool from_server = byte & kResponseBit;
  if (from_server == server && is_known_opcode(opcode)) {
    if (is_request(static_cast<Opcode>(opcode)) == server) return misdirected(!server);
    return found("a frame in the wrong direction", version, stream);
  }
  if (version_ != 0 && version != version_) {
    recoverable = true;
    const std::string previous = segments_ ? "previousmessages" : "previous messages";  // Cassandra's words
    return found("Invalid message version. Got " + version_name(version) + " but " + previous +
                     " on this connection had version " + version_name(version_),
                 version_, stream);
  }
  if (!is_known_opcode(opcode)) return found("Unknown opcode " + std::to_string(opcode), version, stream);
  if (is_request(static_cast<Opcode>(opcode)) != server) return misdirected(server);
  return false;
}

FrameReader::Step FrameReader::check_header(BytesView header, size_t& body_size) {
  const auto size = load_be<int32_t>(header.data() + kLengthOffset);
  const bool server = options_.role == Role::kServer;
  bool recoverable = segments_;
  if (find_fault(header, recoverable)) {
    body_size = static_cast<size_t>(size);
    if (recoverable && server && size >= 0) return Step::kRefused;
    return fail(failure_.message, failure_.version, failure_.stream);
  }
  const auto version = static_cast<uint8_t>(static_cast<uint8_t>(header[0]) & ~kResponseBit);
  const auto stream = load_be<int16_t>(header.data() + kStreamOffset);
  if (size < 0) {
    return fail(segments_ ? "Invalid value for envelope header body length field: " + std::to_string(size)
                          : "Invalid negative frame length",
                version, stream);
  }
  if (static_cast<size_t>(size) > limit_ && !(lifted_ && server)) {
    return fail("Request is too big: length " + std::to_string(size) + " exceeds maximum allowed length " +
                    std::to_string(limit_),
                version, stream);
  }
  body_size = static_cast<size_t>(size);
  return Step::kFrame;
}

FrameReader::Step FrameReader::finish(BytesView bytes, Frame& out) {
  out.version = static_cast<uint8_t>(bytes[0]) & static_cast<uint8_t>(~kResponseBit);
  out.flags = static_cast<uint8_t>(bytes[1]);
  out.stream = load_be<int16_t>(bytes.data() + kStreamOffset);
  out.opcode = static_cast<Opcode>(bytes[kOpcodeOffset]);
  out.body = bytes.substr(kFrameHeaderSize);
  out.oversize = 0;
  const bool agreed = codec_ != Compression::kNone;  // else Cassandra takes the body as it is
  if ((out.flags & kFlagCompressed) && out.version < 5 && !agreed && options_.role == Role::kClient)
    return fail("a compressed frame, but no compression was agreed on", out.version, out.stream);
  if ((out.flags & kFlagCompressed) && out.version < 5 && agreed) {
    const size_t size = decompressed_size(codec_, out.body);
    if (size > limit_ && lifted_ && options_.role == Role::kServer) {
      out.oversize = size;  // as one that came so long
      out.body = {};
    } else {
      auto body = decompress_body(codec_, out.body, limit_);
      if (!body) return fail(body.error().message, out.version, out.stream);
      out.body = hold(*std::move(body));
    }
  }
  out.flags &= static_cast<uint8_t>(~kFlagCompressed);
  if (version_ == 0) {
    waiting_ = options_.role == Role::kServer
                   ? out.opcode == Opcode::kStartup
                   : out.opcode == Opcode::kReady || out.opcode == Opcode::kAuthenticate;
  }
  return Step::kFrame;
}

FrameReader::Step FrameReader::fail(std::string message, uint8_t version, int16_t stream) {
  failed_ = true;
  failure_ = {std::move(message), version != 0 ? version : options_.max_version, stream};
  input_ = payload_ = {};
  carry_ = {};
  envelope_ = {};
  return Step::kFailed;
}

// Which request it was can't be known.
FrameReader::Step FrameReader::fail_segment(std::string message) {
  return fail(std::move(message), version_, kNoStream);
}

// --- writer ---

void FrameWriter::startup_done(uint8_t version, Compression codec) {
  KEYZONE_ASSERT(!building_);
  codec_ = codec;
  if (version < 5) return;
  segments_ = true;
  plain_ = std::exchange(out_, {});
}

size_t FrameWriter::begin(uint8_t version, uint8_t flags, int16_t stream, Opcode opcode) {
  KEYZONE_ASSERT(!building_);
  building_ = true;
  if (out_.empty() && out_.capacity() < reserve_) out_.reserve(reserve_);
  const size_t start = out_.size();
  out_.push_back(static_cast<char>(version | response_bit_));
  out_.push_back(static_cast<char>(version == kDraftVersion ? flags | kFlagBeta : flags));
  append_be(out_, stream);
  out_.push_back(static_cast<char>(opcode));
  append_be(out_, int32_t{0});
  return start;
}

void FrameWriter::finish(size_t start) {
  building_ = false;
  const size_t body_start = start + kFrameHeaderSize;
  if (codec_ != Compression::kNone && !segments_ && out_.size() - body_start >= kCompressFrom) {
    scratch_.clear();
    append_compressed_body(scratch_, codec_, BytesView(out_).substr(body_start));
    if (scratch_.size() < out_.size() - body_start) {
      out_.resize(body_start);
      out_.append(scratch_);
      out_[start + 1] = static_cast<char>(out_[start + 1] | kFlagCompressed);
    }
  }
  const size_t size = out_.size() - body_start;
  KEYZONE_ASSERT(size <= INT32_MAX);
  const uint32_t length = byte_swap(static_cast<uint32_t>(size));
  std::memcpy(out_.data() + start + kLengthOffset, &length, sizeof length);
}

void FrameWriter::append(uint8_t version, uint8_t flags, int16_t stream, Opcode opcode, BytesView body) {
  const size_t start = begin(version, flags, stream, opcode);
  out_.append(body);
  finish(start);
}

void FrameWriter::append_old(uint8_t version, int8_t stream, Opcode opcode, BytesView body) {
  KEYZONE_ASSERT(version < kMinVersion && !building_);
  out_.push_back(static_cast<char>(version | response_bit_));
  out_.push_back(0);
  out_.push_back(static_cast<char>(stream));
  out_.push_back(static_cast<char>(opcode));
  append_be(out_, static_cast<int32_t>(body.size()));
  out_.append(body);
}

Bytes FrameWriter::take() {
  KEYZONE_ASSERT(!building_);
  reserve_ = std::min(out_.size(), kReserveMax);
  if (!segments_) return std::exchange(out_, {});
  Bytes bytes = std::exchange(plain_, {});
  append_segments(bytes, codec_, out_);
  out_.clear();
  if (out_.capacity() > kReserveMax) out_.shrink_to_fit();
  return bytes;
}

void append_failure(FrameWriter& writer, const FrameFailure& failure) {
  ErrorResponse error;
  error.code = ErrorCode::kProtocolError;
  error.message = failure.message;
  if (failure.version < kMinVersion) {
    Bytes body;
    encode_error(body, kMinVersion, error);
    writer.append_old(failure.version, static_cast<int8_t>(failure.stream), Opcode::kError, body);
    return;
  }
  FrameBuilder frame(writer, failure.version, failure.stream, Opcode::kError);
  encode_error(frame.body(), failure.version, error);
}

}  // namespace keyzone::net
