#include "net/client.h"

#include <map>

#include "schema/types/collections.h"
#include "schema/types/token.h"
#include "tests/net/support.h"

namespace keyzone::net {
namespace {

// Keeps what is written until the test takes it.
struct MemoryStream : ByteStream {
  void write(Bytes bytes) override { written += bytes; }
  void close() override { closed = true; }
  void abort() override { closed = true; }
  void pause_reading() override {}
  void resume_reading() override {}
  void detach() override {}
  size_t pending_bytes() const override { return written.size(); }
  Inet remote() const override { return {}; }
  Inet local() const override { return {}; }
  Bytes written;
  bool closed = false;
};

// A server that knows a few statements, behind one client.
class TinyServer {
 public:
  TinyServer(ClientConnection::Options options, std::string user = "")
      : client(options), user_(std::move(user)) {
    client.on_event([this](const Event& e) { events.push_back(e); });
    client.start(stream, [this](ClientReply& r) {
      started = true;
      start_error = r.error.message;
    });
    turn();
  }

  // Everything that both sides have to say to each other.
  void turn(size_t chunk = 1000000) {
    client.flush();
    while (!stream.written.empty()) {
      const Bytes in = std::exchange(stream.written, {});
      reader.feed(in);
      Frame frame;
      while (reader.next(frame) == FrameReader::Step::kFrame) serve(frame);
      const Bytes out = writer.take();
      for (size_t at = 0; at < out.size(); at += chunk) {
        const Bytes part = out.substr(at, chunk);
        client.on_bytes(part);
      }
    }
  }

  void serve(const Frame& frame) {
    version = frame.version;
    if (frame.opcode == Opcode::kStartup) return serve_startup(frame);
    if (frame.opcode == Opcode::kAuthResponse) {
      AuthResponseRequest request;
      EXPECT_TRUE(decode_request(frame, request));
      const Bytes good = Bytes(1, '\0') + user_ + Bytes(1, '\0') + "secret";
      if (request.token == good)
        return writer.append(version, 0, frame.stream, Opcode::kAuthSuccess, from_hex("ffffffff"));
      return refuse(frame, ErrorCode::kBadCredentials, "no");
    }
    if (frame.opcode == Opcode::kRegister) return writer.append(version, 0, frame.stream, Opcode::kReady, "");
    FrameBuilder out(writer, version, frame.stream,
                     frame.opcode == Opcode::kOptions ? Opcode::kSupported : Opcode::kResult);
    if (frame.opcode == Opcode::kOptions) return encode_supported(out.body(), supported_options("3.4.6", 5));
    if (frame.opcode == Opcode::kPrepare) return serve_prepare(out.body());
    QueryRequest query;
    if (frame.opcode == Opcode::kQuery && decode_request(frame, query) && query.text == "rows")
      return serve_rows(out.body());
    encode_void(out.body());
  }

  void serve_startup(const Frame& frame) {
    StartupRequest request;
    EXPECT_TRUE(decode_request(frame, request));
    const auto codec = accept_startup(request, version);
    if (!codec) {
      reader.startup_refused();
      return refuse(frame, ErrorCode::kProtocolError, codec.error().message);
    }
    Bytes body;
    if (!user_.empty()) encode_authenticate(body, "PasswordAuthenticator");
    writer.append(version, 0, frame.stream, user_.empty() ? Opcode::kReady : Opcode::kAuthenticate, body);
    reader.startup_done(version, *codec);
    writer.startup_done(version, *codec);
    reader.lift_limit();
  }

  void serve_prepare(Bytes& body) {
    const auto columns = encode_columns({{"k", "t", "key", native_type(TypeKind::kBlob)}}, version);
    encode_prepared(body, version, {"0123456789abcdef", "m", &columns, {0}, nullptr});
  }

  void serve_rows(Bytes& body) {
    const auto columns = encode_columns({{"k", "t", "key", native_type(TypeKind::kBlob)}}, version);
    RowsHeader header;
    header.columns = &columns;
    Bytes rows;
    append_bytes(rows, Bytes(200, 'a'));
    append_null(rows);
    encode_rows(body, version, header, 2, rows);
  }

  void refuse(const Frame& frame, ErrorCode code, const std::string& message) {
    FrameBuilder out(writer, version, frame.stream, Opcode::kError);
    ErrorResponse error;
    error.code = code;
    error.message = message;
    encode_error(out.body(), version, error);
  }

  MemoryStream stream;
  ClientConnection client;
  FrameReader reader{{}};
  FrameWriter writer{Role::kServer};
  std::string user_, start_error;
  std::vector<Event> events;
  uint8_t version = 0;
  bool started = false;
};

class Clients : public testing::TestWithParam<Wire> {
 protected:
  ClientConnection::Options options() {
    ClientConnection::Options o;
    o.version = GetParam().version;
    o.compression = GetParam().codec;
    return o;
  }
};
INSTANTIATE_TEST_SUITE_P(All, Clients,
                         testing::Values(Wire{3, Compression::kNone}, Wire{4, Compression::kNone},
                                         Wire{4, Compression::kLz4}, Wire{4, Compression::kSnappy},
                                         Wire{5, Compression::kNone}, Wire{5, Compression::kLz4}));

TEST_P(Clients, ManyRequestsAtOnce) {
  TinyServer server(options());
  ASSERT_TRUE(server.client.ready()) << server.start_error;
  int rows = 0, empty = 0, prepared = 0, supported = 0;
  for (int i = 0; i < 1000; ++i) {
    server.client.query(i % 2 ? "rows" : "void", Consistency::kQuorum, [&](ClientReply& r) {
      ASSERT_TRUE(r.ok());
      if (r.result.kind == ResultKind::kVoid) {
        ++empty;
        EXPECT_TRUE(r.result.rows.cells.empty()) << "nothing is left of the reply before";
        return;
      }
      ++rows;
      ASSERT_EQ(r.result.rows.row_count, 2);
      EXPECT_EQ(r.result.rows.cell(0, 0).bytes, Bytes(200, 'a'));
      EXPECT_TRUE(r.result.rows.cell(1, 0).is_null());
    });
  }
  server.client.prepare("INSERT", [&](ClientReply& r) {
    ++prepared;
    EXPECT_EQ(r.result.prepared.id, "0123456789abcdef");
    ExecuteRequest execute;
    execute.id = r.result.prepared.id;
    execute.result_metadata_id = r.result.prepared.result_metadata_id;
    execute.parameters.values = {Value::of("k")};
    server.client.execute(execute, [&](ClientReply& e) { prepared += e.ok(); });
  });
  server.client.options([&](ClientReply& r) { supported += static_cast<int>(r.supported.size()); });
  EXPECT_EQ(server.client.in_flight(), 1002u);
  server.turn(777);
  EXPECT_EQ(rows, 500);
  EXPECT_EQ(empty, 500);
  EXPECT_EQ(prepared, 2) << "a request made in a callback is sent";
  EXPECT_EQ(supported, 3);
  EXPECT_EQ(server.client.in_flight(), 0u);
}

TEST_P(Clients, CountsRowsWithoutDecodingThem) {
  TinyServer server(options());
  server.client.set_decode_rows(false);
  int seen = 0;
  server.client.query("rows", Consistency::kOne, [&](ClientReply& r) {
    seen = r.result.rows.row_count;
    EXPECT_TRUE(r.result.rows.cells.empty());
  });
  server.turn();
  EXPECT_EQ(seen, 2);
}

TEST_P(Clients, LogsIn) {
  auto o = options();
  o.user = "me";
  o.password = "secret";
  o.events = {"STATUS_CHANGE"};
  TinyServer server(o, "me");
  ASSERT_TRUE(server.client.ready()) << server.start_error;
  {
    FrameBuilder frame(server.writer, server.version, kEventStream, Opcode::kEvent);
    encode_event(frame.body(), server.version, StatusChange{});
  }
  server.client.on_bytes(server.writer.take());
  EXPECT_EQ(server.events.size(), 1u);
  o.password = "wrong";
  TinyServer refusing(o, "me");
  EXPECT_TRUE(refusing.started);
  EXPECT_FALSE(refusing.client.ready());
  EXPECT_EQ(refusing.start_error, "no");
}

TEST(Client, EveryRequestEndsWhenTheStreamDoes) {
  TinyServer server({});
  int lost = 0;
  for (int i = 0; i < 10; ++i) {
    server.client.query("void", Consistency::kOne, [&](ClientReply& r) {
      lost += r.outcome == ClientReply::Outcome::kClosed;
      EXPECT_EQ(r.error.message, "closed by peer");
      EXPECT_FALSE(server.client.can_send());
    });
  }
  server.client.on_closed("closed by peer");
  EXPECT_EQ(lost, 10);
  EXPECT_TRUE(server.client.closed());
}

TEST(Client, NonsenseFromTheServerEndsTheConnection) {
  for (const char* hex :
       {"84 00 0005 08 00000000", "83 00 0000 08 00000004 00000001", "04 00 0000 08 00000000"}) {
    TinyServer server({});
    int lost = 0;
    server.client.query("void", Consistency::kOne,
                        [&](ClientReply& r) { lost += r.outcome == ClientReply::Outcome::kClosed; });
    server.client.on_bytes(from_hex(hex));
    EXPECT_TRUE(server.stream.closed);
    EXPECT_EQ(lost, 1);
  }
}

TEST(Client, AllStreamsMayBeInFlight) {
  ClientConnection::Options options;
  options.max_in_flight = kMaxStreams;
  TinyServer server(options);
  size_t answered = 0;
  while (server.client.can_send()) {
    server.client.query("void", Consistency::kOne, [&](ClientReply&) { ++answered; });
  }
  EXPECT_EQ(server.client.in_flight(), kMaxStreams);
  server.turn();
  EXPECT_EQ(answered, kMaxStreams);
}

RingNode node(std::string rack, std::vector<int64_t> tokens) {
  RingNode n;
  n.data_center = "dc";
  n.rack = std::move(rack);
  n.tokens = std::move(tokens);
  return n;
}

TEST(Ring, OneReplicaOfEachRack) {
  const Ring ring({node("a", {0, 100}), node("a", {50}), node("b", {0x7fffffffffffffff}), node("c", {10})},
                  3);
  using Places = std::vector<size_t>;
  EXPECT_EQ(ring.replicas(Token(0)), (Places{0, 3, 2}));
  EXPECT_EQ(ring.replicas(Token(1)), (Places{3, 1, 2}));
  EXPECT_EQ(ring.replicas(Token(11)), (Places{1, 2, 3}));
  EXPECT_EQ(ring.replicas(Token(101)), (Places{2, 0, 3}));
  EXPECT_EQ(ring.replicas(Token(INT64_MIN + 1)), (Places{0, 3, 2}));
  EXPECT_TRUE(Ring({}, 3).replicas(Token(5)).empty());
  EXPECT_EQ(Ring({node("a", {0}), node("a", {10})}, 3).replicas(Token(5)), (Places{1, 0})) << "racks alike";
}

}  // namespace
}  // namespace keyzone::net
