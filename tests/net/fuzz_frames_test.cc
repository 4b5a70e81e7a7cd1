// Random and mutated bytes against every decoder: none may crash, hang or take memory that the bytes can't
// pay for. KEYZONE_FUZZ_SECONDS sets how long (default 2), KEYZONE_FUZZ_SEED which way.
#include <chrono>
#include <cstdlib>

#include "net/peer_frame.h"
#include "net/protocol/compression.h"
#include "net/protocol/request.h"
#include "net/protocol/response.h"
#include "tests/net/support.h"

namespace keyzone::net {
namespace {

long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : otherwise;
}

// What a frame decodes to doesn't matter; that a decoded one encodes to the same bytes does, where they are
// canonical.
void decode_as_request(Frame frame) {
  RequestPrelude prelude;
  if (!take_prelude(frame, prelude)) return;
  StartupRequest startup;
  QueryRequest query;
  PrepareRequest prepare;
  ExecuteRequest execute;
  BatchRequest batch;
  RegisterRequest events;
  AuthResponseRequest auth;
  (void)decode_request(frame, startup).ok();
  (void)decode_request(frame, prepare).ok();
  (void)decode_request(frame, events).ok();
  (void)decode_request(frame, auth).ok();
  if (decode_request(frame, query)) {
    Bytes body;
    encode_request(body, frame.version, query);
    QueryRequest again;
    EXPECT_TRUE(decode_request(Frame{frame.version, 0, 0, Opcode::kQuery, body}, again));
    EXPECT_EQ(again.parameters.values, query.parameters.values);
  }
  if (decode_request(frame, execute)) {
    Bytes body;
    encode_request(body, frame.version, execute);
    EXPECT_TRUE(decode_request(Frame{frame.version, 0, 0, Opcode::kExecute, body}, execute));
  }
  if (decode_request(frame, batch)) {
    Bytes body;
    encode_request(body, frame.version, batch);
    EXPECT_TRUE(decode_request(Frame{frame.version, 0, 0, Opcode::kBatch, body}, batch));
  }
}

void decode_as_response(Frame frame) {
  ResponsePrelude prelude;
  if (!take_prelude(frame, prelude)) return;
  (void)decode_error(frame).ok();
  (void)decode_result(frame).ok();
  (void)decode_event(frame).ok();
  (void)decode_supported(frame).ok();
  (void)decode_authenticate(frame).ok();
  (void)decode_auth_token(frame).ok();
}

Bytes valid_request_body(TestRandom& random, uint8_t version) {
  Bytes body;
  QueryParameters p;
  const Bytes value = random.bytes(random.below(40));
  for (size_t i = random.below(5); i > 0; --i) p.values.push_back(Value::of(value));
  if (random.below(2)) p.page_size = 100;
  if (random.below(2)) p.timestamp = 5;
  switch (random.below(4)) {
    case 0:
      encode_request(body, version, QueryRequest{"SELECT * FROM t", p});
      break;
    case 1:
      encode_request(body, version, ExecuteRequest{"0123456789abcdef", version >= 5 ? "id" : "", p});
      break;
    case 2:
      encode_request(body, version,
                     BatchRequest{BatchType::kLogged,
                                  {{true, "id", p.values}, {false, "x", {}}},
                                  Consistency::kOne,
                                  {},
                                  {},
                                  {},
                                  {}});
      break;
    default:
      encode_request(body, version, StartupRequest{{{"CQL_VERSION", "3.0.0"}}});
      break;
  }
  return body;
}

Bytes valid_response_body(TestRandom& random, uint8_t version) {
  Bytes body;
  const TypePtr number = native_type(TypeKind::kInt);
  const EncodedColumns columns = encode_columns(
      {{"k", "t", "a", number}, {"k", "t", "b", map_type(number, tuple_type({number, number}), true)}},
      version);
  RowsHeader header;
  header.columns = &columns;
  Bytes rows;
  for (int i = 0; i < 4; ++i) append_bytes(rows, random.bytes(random.below(9)));
  switch (random.below(4)) {
    case 0:
      encode_rows(body, version, header, 2, rows);
      break;
    case 1:
      encode_prepared(body, version, {"id", "rid", &columns, {0}, &columns});
      break;
    case 2:
      encode_event(body, version, StatusChange{});
      break;
    default: {
      ErrorResponse error;
      error.code = random.below(2) ? ErrorCode::kWriteFailure : ErrorCode::kFunctionFailure;
      error.failures.resize(random.below(3));
      encode_error(body, version, error);
    }
  }
  return body;
}

void mutate(TestRandom& random, Bytes& bytes) {
  for (size_t i = random.below(4); i > 0 && !bytes.empty(); --i) {
    const size_t at = random.below(bytes.size());
    switch (random.below(5)) {
      case 0:
        bytes[at] = static_cast<char>(random.next());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        bytes.erase(at, random.below(8));
        break;
      case 3:
        bytes.insert(at, random.bytes(random.below(8)));
        break;
      default:
        bytes.replace(at, 1, from_hex(random.below(2) ? "7fffffff" : "ffffffff"));
        break;
    }
  }
}

void run_reader(TestRandom& random, FrameReader& reader, const Bytes& bytes, bool server) {
  size_t at = 0;
  while (at < bytes.size()) {
    const Bytes chunk = bytes.substr(at, 1 + random.below(300));
    at += chunk.size();
    reader.feed(chunk);
    Frame frame;
    using Step = FrameReader::Step;
    for (Step step; (step = reader.next(frame)) == Step::kFrame || step == Step::kRefused;) {
      if (step == Step::kRefused) {  // the connection goes on behind it
        EXPECT_TRUE(server && !reader.failure().message.empty());
        continue;
      }
      server ? decode_as_request(frame) : decode_as_response(frame);
      if (server ? frame.opcode == Opcode::kStartup : frame.opcode == Opcode::kReady) {
        random.below(2) ? reader.startup_refused() : reader.startup_done(frame.version, Compression::kNone);
      }
    }
    EXPECT_LE(reader.buffered(), 300000u);
  }
}

void one_round(TestRandom& random) {
  const auto version = static_cast<uint8_t>(3 + random.below(3));
  const bool server = random.below(2);
  const auto codec = static_cast<Compression>(random.below(version >= 5 ? 2 : 3));
  Bytes stream;
  FrameWriter writer(server ? Role::kClient : Role::kServer);
  if (random.below(3) > 0) writer.startup_done(version, codec);
  for (size_t i = 1 + random.below(5); i > 0; --i) {
    Bytes body = server ? valid_request_body(random, version) : valid_response_body(random, version);
    mutate(random, body);
    const Frame frame{version, static_cast<uint8_t>(random.below(32)), 0, Opcode::kQuery, body};
    server ? decode_as_request(frame) : decode_as_response(frame);
    writer.append(version, static_cast<uint8_t>(random.below(4) ? 0 : random.next() & 0x1e), 1,
                  server ? Opcode::kQuery : Opcode::kResult, body);
    if (random.below(2)) stream += writer.take();
  }
  stream += writer.take();
  if (random.below(2)) mutate(random, stream);
  if (random.below(20) == 0) stream = random.bytes(random.below(500));
  FrameReader reader({.role = server ? Role::kServer : Role::kClient});
  if (random.below(3) > 0) reader.startup_done(version, codec);
  if (random.below(2)) reader.lift_limit();
  run_reader(random, reader, stream, server);
}

void one_compressed_round(TestRandom& random) {
  const auto codec = random.below(2) ? Compression::kLz4 : Compression::kSnappy;
  Bytes bytes;
  append_compressed_body(bytes, codec, random.text(random.below(2000)));
  mutate(random, bytes);
  const auto plain = decompress_body(codec, bytes, 100000);
  if (plain) {
    EXPECT_LE(plain->size(), 100000u);
  }
}

void one_peer_round(TestRandom& random) {
  Bytes bytes;
  PeerHello hello;
  hello.name = random.text(random.below(50));
  append_peer_hello(bytes, hello);
  append_peer_frame(bytes, 3, random.bytes(8 * random.below(100)));
  mutate(random, bytes);
  PeerFrameReader reader;
  std::vector<PeerFrame> frames;
  for (size_t at = 0; at < bytes.size();) {
    const size_t chunk = 1 + random.below(100);
    if (!reader.feed(BytesView(bytes).substr(at, chunk), frames)) break;
    at += chunk;
  }
  for (const PeerFrame& frame : frames) (void)decode_peer_hello(frame).ok();
}

TEST(Fuzz, Frames) {
  const auto seconds = std::chrono::seconds(from_environment("KEYZONE_FUZZ_SECONDS", 2));
  TestRandom random{static_cast<uint64_t>(from_environment("KEYZONE_FUZZ_SEED", 1))};
  const auto end = std::chrono::steady_clock::now() + seconds;
  do {
    for (int i = 0; i < 50; ++i) {
      const uint64_t seed = random.state;
      one_round(random);
      one_compressed_round(random);
      one_peer_round(random);
      ASSERT_FALSE(testing::Test::HasFailure()) << "KEYZONE_FUZZ_SEED=" << seed;
    }
  } while (std::chrono::steady_clock::now() < end);
}

}  // namespace
}  // namespace keyzone::net
