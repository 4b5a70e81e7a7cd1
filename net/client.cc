#include "net/client.h"

#include <algorithm>

namespace keyzone::net {
namespace {

constexpr size_t kMaxReplyBody = 256 << 20;  // what drivers accept
constexpr std::string_view kCqlVersion = "3.4.0";

}  // namespace

struct ClientConnection::State {
  explicit State(Options o)
      : options(std::move(o)),
        reader({.role = Role::kClient,
                .max_body = kMaxReplyBody,
                .max_body_before_ready = kMaxFrameBodyBeforeReady}),
        writer(Role::kClient) {
    options.max_in_flight = std::min(options.max_in_flight, kMaxStreams);
  }

  // --- requests ---
  template <class Request>
  void send(Opcode opcode, const Request& request, ReplyCallback callback) {
    const int16_t stream_id = take_stream(std::move(callback));
    FrameBuilder frame(writer, options.version, stream_id, opcode);
    encode_request(frame.body(), options.version, request);
  }

  int16_t take_stream(ReplyCallback callback) {
    KEYZONE_ASSERT(has_free_stream() && !closed);
    if (free_streams.empty()) {
      callbacks.push_back(std::move(callback));
      return static_cast<int16_t>(callbacks.size() - 1);
    }
    const int16_t id = free_streams.back();
    free_streams.pop_back();
    callbacks[static_cast<size_t>(id)] = std::move(callback);
    return id;
  }

  void flush() {
    if (!writer.empty() && stream && !closed) stream->write(writer.take());
  }

  size_t in_flight() const { return callbacks.size() - free_streams.size(); }
  bool has_free_stream() const { return in_flight() < options.max_in_flight; }

  // --- replies ---
  void on_bytes(BytesView bytes) {
    if (closed) return;
    reader.feed(bytes);
    Frame frame;
    FrameReader::Step step;
    while ((step = reader.next(frame)) == FrameReader::Step::kFrame && !closed) on_frame(frame);
    if (step == FrameReader::Step::kFailed && !closed) return fail(reader.failure().message);
    flush();
  }

  void on_frame(Frame& frame) {
    if (frame.stream == kEventStream) return on_event_frame(frame);
    const auto id = static_cast<size_t>(frame.stream);
    if (frame.stream < 0 || id >= callbacks.size() || !callbacks[id]) {
      return fail("a reply on stream " + std::to_string(frame.stream) + ", which waits for none");
    }
    const ReplyCallback callback = std::exchange(callbacks[id], nullptr);
    free_streams.push_back(frame.stream);
    if (dirty) reply = {};
    decode(frame);
    callback(reply);
  }

  void decode(Frame& frame) {
    reply.outcome = ClientReply::Outcome::kResult;
    reply.opcode = frame.opcode;
    dirty = true;
    const auto result = decode_body(frame);
    if (result) return;
    reply.outcome = ClientReply::Outcome::kError;
    reply.error.code = ErrorCode::kProtocolError;
    reply.error.message = result.error().message;
  }

  Result<void> decode_body(Frame& frame) {
    if (frame.flags & (kFlagTracing | kFlagWarning | kFlagCustomPayload)) {
      KEYZONE_CHECK(take_prelude(frame, reply.prelude));
    }
    if (frame.opcode == Opcode::kError) {
      KEYZONE_TRY(error, decode_error(frame));
      reply.error = std::move(error);
      reply.outcome = ClientReply::Outcome::kError;
    } else if (frame.opcode == Opcode::kResult) {
      return decode_result_body(frame);
    } else if (frame.opcode == Opcode::kSupported) {
      KEYZONE_TRY(supported, decode_supported(frame));
      reply.supported = std::move(supported);
    }
    return {};
  }

  Result<void> decode_result_body(const Frame& frame) {
    ByteReader in(frame.body);
    const auto kind = static_cast<ResultKind>(in.be<int32_t>());
    if (kind == ResultKind::kVoid) {  // most replies of a load generator
      reply.result.kind = kind;
      dirty = frame.flags != 0;
      return {};
    }
    if (kind == ResultKind::kRows && !decode_cells) {
      reply.result.kind = kind;
      reply.result.rows = read_rows(in, frame.version, false);
      return in.failed() ? Result<void>(Error{ErrorKind::kProtocol, "malformed rows"}) : Result<void>();
    }
    KEYZONE_TRY(result, decode_result(frame));
    reply.result = std::move(result);
    return {};
  }

  void on_event_frame(Frame& frame) {
    ResponsePrelude prelude;
    if (!take_prelude(frame, prelude)) return fail("a malformed event");
    const auto event = decode_event(frame);
    if (event && event_callback)
      event_callback(*event);  // one of a kind that we don't know is no reason to stop
  }

  // --- the handshake ---
  void start(ReplyCallback on_ready) {
    ready_callback = std::move(on_ready);
    StartupRequest startup;
    startup.options = {{"CQL_VERSION", std::string(kCqlVersion)}, {"DRIVER_NAME", "keyzone"}};
    if (options.compression != Compression::kNone) {
      startup.options.emplace_back("COMPRESSION", to_string(options.compression));
    }
    send(Opcode::kStartup, startup, [this](ClientReply& r) { on_startup_reply(r); });
    flush();
  }

  void on_startup_reply(ClientReply& r) {
    const bool accepted = r.opcode == Opcode::kReady || r.opcode == Opcode::kAuthenticate;
    if (!r.ok() || !accepted) return finish_start(r);
    reader.startup_done(options.version, options.compression);
    writer.startup_done(options.version, options.compression);
    r.opcode == Opcode::kReady ? log_in_done(r) : send_credentials();
  }

  void send_credentials() {
    credentials = std::string(1, '\0') + options.user + std::string(1, '\0') + options.password;
    send(Opcode::kAuthResponse, AuthResponseRequest{credentials}, [this](ClientReply& r) {
      if (r.ok() && r.opcode == Opcode::kAuthChallenge) return send_credentials();
      r.ok() ? log_in_done(r) : finish_start(r);
    });
  }

  void log_in_done(ClientReply& r) {
    reader.lift_limit();
    if (options.events.empty()) return finish_start(r);
    const RegisterRequest request{{options.events.begin(), options.events.end()}};
    send(Opcode::kRegister, request, [this](ClientReply& registered) { finish_start(registered); });
  }

  void finish_start(ClientReply& r) {
    ready = r.ok();
    if (const auto callback = std::exchange(ready_callback, nullptr)) callback(r);
  }

  // --- the end ---
  void fail(const std::string& reason) {
    end(reason);
    if (stream) stream->abort();
  }

  void end(const std::string& reason) {
    if (closed) return;
    closed = true;
    ready = false;
    for (auto& slot : callbacks) {
      const ReplyCallback callback = std::exchange(slot, nullptr);
      if (!callback) continue;
      ClientReply lost;
      lost.error.message = reason;
      callback(lost);
    }
  }

  Options options;
  ByteStream* stream = nullptr;
  FrameReader reader;
  FrameWriter writer;
  std::vector<ReplyCallback> callbacks;  // by stream id, as many as were ever used; empty: free
  std::vector<int16_t> free_streams;     // of these
  ReplyCallback ready_callback;
  std::function<void(const Event&)> event_callback;
  ClientReply reply;  // reused
  std::string credentials;
  bool dirty = false;  // `reply` has something that the next one must not find
  bool decode_cells = true;
  bool ready = false;
  bool closed = false;
};

ClientConnection::ClientConnection(Options options) : state_(std::make_unique<State>(std::move(options))) {}
ClientConnection::~ClientConnection() = default;

void ClientConnection::start(ByteStream& stream, ReplyCallback on_ready) {
  state_->stream = &stream;
  state_->start(std::move(on_ready));
}
void ClientConnection::on_event(std::function<void(const Event&)> callback) {
  state_->event_callback = std::move(callback);
}
bool ClientConnection::ready() const { return state_->ready; }
bool ClientConnection::closed() const { return state_->closed; }
size_t ClientConnection::in_flight() const { return state_->in_flight(); }
bool ClientConnection::can_send() const { return state_->ready && state_->has_free_stream(); }
void ClientConnection::set_decode_rows(bool on) { state_->decode_cells = on; }
void ClientConnection::flush() { state_->flush(); }

void ClientConnection::query(std::string_view text, Consistency consistency, ReplyCallback callback) {
  QueryRequest request;
  request.text = text;
  request.parameters.consistency = consistency;
  query(request, std::move(callback));
}
void ClientConnection::query(const QueryRequest& request, ReplyCallback callback) {
  state_->send(Opcode::kQuery, request, std::move(callback));
}
void ClientConnection::prepare(std::string_view text, ReplyCallback callback) {
  state_->send(Opcode::kPrepare, PrepareRequest{text, {}}, std::move(callback));
}
void ClientConnection::execute(const ExecuteRequest& request, ReplyCallback callback) {
  state_->send(Opcode::kExecute, request, std::move(callback));
}
void ClientConnection::batch(const BatchRequest& request, ReplyCallback callback) {
  state_->send(Opcode::kBatch, request, std::move(callback));
}
void ClientConnection::options(ReplyCallback callback) {
  const int16_t id = state_->take_stream(std::move(callback));
  state_->writer.append(state_->options.version, 0, id, Opcode::kOptions, {});
}

void ClientConnection::close() {
  flush();
  if (state_->stream && !state_->closed) state_->stream->close();
}
void ClientConnection::on_bytes(BytesView bytes) { state_->on_bytes(bytes); }
void ClientConnection::on_closed(const std::string& reason) { state_->end(reason); }

}  // namespace keyzone::net
