#include "net/connection.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <type_traits>
#include <vector>

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

constexpr size_t kTlsReadSize = 16 << 10;    // a TLS record
constexpr size_t kTlsWriteSize = 256 << 10;  // handed over at a time

Inet to_inet(const asio::ip::tcp::endpoint& endpoint) {
  Inet inet;
  inet.port = endpoint.port();
  const auto copy = [&](const auto& bytes) {
    inet.address.size = static_cast<uint8_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), inet.address.bytes.begin());
  };
  endpoint.address().is_v4() ? copy(endpoint.address().to_v4().to_bytes())
                             : copy(endpoint.address().to_v6().to_bytes());
  return inet;
}

std::string describe(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated ? "closed by peer"
                                                                                  : error.message();
}

// Input of plain connections passes through one buffer a thread: an idle connection costs no buffer.
char* shared_read_buffer() {
  static thread_local std::vector<char> buffer(kReadSize);
  return buffer.data();
}

template <class Stream>
class ConnectionOver final : public Connection {
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

 public:
  template <class... Arguments>
  ConnectionOver(TlsRole role, Socket socket, Arguments&... tls)
      : stream_(std::move(socket), tls...), timer_(stream_.get_executor()), role_(role) {
    error_code ignored;
    remote_ = to_inet(lowest().remote_endpoint(ignored));
    local_ = to_inet(lowest().local_endpoint(ignored));
    lowest().set_option(asio::ip::tcp::no_delay(true), ignored);
    lowest().set_option(asio::socket_base::keep_alive(true), ignored);
    if constexpr (!kTls) lowest().non_blocking(true, ignored);
  }

  void start(StreamHandler& handler) override {
    handler_ = &handler;
    if constexpr (kTls) {
      handshake();
    } else {
      ready_ = true;
      read();
      flush_soon();
    }
  }

  void write(Bytes bytes) override {
    if (closed_ || closing_ || bytes.empty()) return;
    if (out_.empty()) {
      out_ = std::move(bytes);
    } else {
      out_.append(bytes);
    }
    if (pending_bytes() > kOutputLimit) return finish("the peer does not read what it is sent");
    if (pending_bytes() > kOutputHighWater) above_high_water_ = true;
    flush_soon();
  }

  void close() override {
    if (closed_ || closing_) return;
    closing_ = true;
    expire_in(kCloseSeconds, "closed");
    ready_ ? flush_soon() : finish("closed");
  }

  void abort() override { finish("closed"); }
  void detach() override { handler_ = nullptr; }

  void pause_reading() override { paused_ = true; }
  void resume_reading() override {
    paused_ = false;
    if (ready_) read();
  }

  size_t pending_bytes() const override { return out_.size() - sent_ + writing_.size(); }
  Inet remote() const override { return remote_; }
  Inet local() const override { return local_; }

  std::string peer_certificate_name() const override {
    if constexpr (kTls) {
      char name[256] = "";
      // The handle's accessors take a pointer to non-const and change nothing.
      auto* ssl = const_cast<TlsStream&>(stream_).native_handle();
      if (X509* certificate = SSL_get_peer_certificate(ssl)) {
        if (SSL_get_verify_result(ssl) == X509_V_OK) {
          X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
        }
        X509_free(certificate);
      }
      return name;
    }
    return "";
  }

 private:
  auto& lowest() { return stream_.lowest_layer(); }
  std::shared_ptr<ConnectionOver> self() {
    return std::static_pointer_cast<ConnectionOver>(shared_from_this());
  }

  void handshake() {
    expire_in(kTlsHandshakeSeconds, "no TLS handshake in time");
    const auto side =
        role_ == TlsRole::kServer ? asio::ssl::stream_base::server : asio::ssl::stream_base::client;
    stream_.async_handshake(side, [me = self()](const error_code& error) {
      if (me->closed_) return;
      if (error) return me->finish("TLS handshake: " + error.message());
      me->timer_.cancel();
      me->ready_ = true;
      me->read();
      me->flush_soon();
    });
  }

  // --- reading ---
  void read() {
    if (reading_ || closed_ || (paused_ && !closing_)) return;
    reading_ = true;
    if constexpr (kTls) {
      tls_input_.resize(kTlsReadSize);
      stream_.async_read_some(asio::buffer(tls_input_), [me = self()](const error_code& error, size_t size) {
        me->reading_ = false;
        me->on_read(error, {me->tls_input_.data(), size});
      });
    } else {
      stream_.async_wait(Socket::wait_read, [me = self()](error_code error) {
        me->reading_ = false;
        if (me->closed_ || (me->paused_ && !me->closing_)) return;
        const size_t size =
            error ? 0 : me->stream_.read_some(asio::buffer(shared_read_buffer(), kReadSize), error);
        me->on_read(error, {shared_read_buffer(), size});
      });
    }
  }

  void on_read(const error_code& error, BytesView bytes) {
    if (closed_) return;
    if (error && error != asio::error::would_block) return finish(describe(error));
    // Once closing, bytes are read only to be thrown away: a socket closed over unread input would be reset,
    // and the peer might lose our last answer.
    if (!closing_ && !bytes.empty() && handler_) handler_->on_bytes(bytes);
    read();
  }

  // --- writing ---
  void flush_soon() {
    if (flush_posted_ || in_flight_ || !ready_ || closed_) return;
    flush_posted_ = true;
    asio::post(stream_.get_executor(), [me = self()] {
      me->flush_posted_ = false;
      if (!me->closed_) me->flush();
    });
  }

  void flush() {
    if (in_flight_) return;
    if (pending_bytes() == 0) {
      if (closing_) shut_down();
      return;
    }
    if constexpr (kTls) {
      in_flight_ = true;
      take_for_writing();
      asio::async_write(stream_, asio::buffer(writing_), [me = self()](const error_code& error, size_t) {
        me->in_flight_ = false;
        me->writing_.clear();
        me->on_written(error);
      });
    } else {
      error_code error;
      sent_ += stream_.write_some(asio::buffer(out_.data() + sent_, out_.size() - sent_), error);
      drop_sent();
      if (!error && pending_bytes() == 0) return on_written(error);
      if (error && error != asio::error::would_block) return finish(describe(error));
      in_flight_ = true;
      stream_.async_wait(Socket::wait_write, [me = self()](const error_code& wait_error) {
        me->in_flight_ = false;
        me->on_written(wait_error);
      });
    }
  }

  // TLS: the next piece of out_ into writing_, which stays as it is while it is written.
  void take_for_writing() {
    if (sent_ == 0 && out_.size() <= kTlsWriteSize) {
      writing_ = std::exchange(out_, {});
      return;
    }
    writing_.assign(out_, sent_, kTlsWriteSize);
    sent_ += writing_.size();
    drop_sent();
  }

  void drop_sent() {
    if (sent_ == out_.size()) {
      out_.clear();
      sent_ = 0;
      if (out_.capacity() > kOutputHighWater) out_.shrink_to_fit();
    } else if (sent_ > out_.size() / 2) {
      out_.erase(0, std::exchange(sent_, 0));
    }
  }

  void on_written(const error_code& error) {
    if (closed_) return;
    if (error) return finish(describe(error));
    if (above_high_water_ && pending_bytes() < kOutputLowWater) {
      above_high_water_ = false;
      if (handler_ && !closing_) handler_->on_writable();
    }
    if (!closed_) flush();
  }

  // --- the end ---
  void shut_down() {
    if (shut_down_) return;
    shut_down_ = true;
    if constexpr (kTls) {
      stream_.async_shutdown([me = self()](const error_code&) { me->finish("closed"); });
    } else {
      error_code ignored;
      stream_.shutdown(Socket::shutdown_send, ignored);
      read();
    }
  }

  void expire_in(int seconds, const char* reason) {
    timer_.expires_after(std::chrono::seconds(seconds));
    timer_.async_wait([weak = std::weak_ptr<ConnectionOver>(self()), reason](const error_code& error) {
      const auto me = weak.lock();
      if (me && !error) me->finish(reason);
    });
  }

  void finish(std::string reason) {
    if (closed_) return;
    closed_ = true;
    timer_.cancel();
    error_code ignored;
    lowest().close(ignored);
    out_ = {};
    sent_ = 0;
    ticket_.reset();
    asio::post(stream_.get_executor(), [me = self(), reason = std::move(reason)] {
      if (StreamHandler* handler = std::exchange(me->handler_, nullptr)) handler->on_closed(reason);
    });
  }

  Stream stream_;
  asio::steady_timer timer_;  // of the handshake, later of closing
  TlsRole role_;
  StreamHandler* handler_ = nullptr;
  Inet remote_, local_;
  Bytes out_;  // written and not yet sent, from sent_ on
  size_t sent_ = 0;
  Bytes writing_;  // TLS only: what async_write works on
  std::vector<char> tls_input_;
  bool ready_ = false;  // started, and TLS is set up
  bool reading_ = false;
  bool paused_ = false;
  bool flush_posted_ = false;
  bool in_flight_ = false;
  bool above_high_water_ = false;
  bool closing_ = false;
  bool shut_down_ = false;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Connection> Connection::make(Socket socket, TlsContext* tls, TlsRole role) {
  if (tls) return std::make_shared<ConnectionOver<TlsStream>>(role, std::move(socket), *tls);
  return std::make_shared<ConnectionOver<Socket>>(role, std::move(socket));
}

}  // namespace keyzone::net
