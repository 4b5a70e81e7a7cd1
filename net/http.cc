#include "net/http.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <set>

#include "net/acceptor.h"

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

class Session;

// What server and sessions share; outlives the server as long as a session has a handler under way.
struct Shared {
  HttpHandler handler;
  std::set<Session*> sessions;
  bool stopped = false;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), buffer_(kMaxHttpRequest), shared_(std::move(shared)) {
    shared_->sessions.insert(this);
  }
  ~Session() { shared_->sessions.erase(this); }

  void close() { stream_.close(); }

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHttpRequest);
    parser_->body_limit(kMaxHttpRequest);
    stream_.expires_after(std::chrono::seconds(kHttpIdleSeconds));
    http::async_read(stream_, buffer_, *parser_, [me = shared_from_this()](beast::error_code error, size_t) {
      if (!error && !me->shared_->stopped) me->answer(me->parser_->get());
    });
  }

 private:
  void answer(const http::request<http::empty_body>& request) {
    const bool get = request.method() == http::verb::get;
    HttpResponse made;
    if (get || request.method() == http::verb::head) {
      const auto target = request.target();
      made = shared_->handler({target.data(), target.size()});
    } else {
      made = {405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
    }
    response_ = {};
    response_.version(request.version());
    response_.result(made.status);
    response_.set(http::field::content_type, made.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.keep_alive(request.keep_alive());
    response_.content_length(made.body.size());
    if (request.method() != http::verb::head) response_.body() = std::move(made.body);
    http::async_write(stream_, response_, [me = shared_from_this()](beast::error_code error, size_t) {
      if (error || me->shared_->stopped) return;
      if (me->response_.keep_alive()) return me->read();
      me->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::shared_ptr<Shared> shared_;
};

class HttpServerOn final : public HttpServer {
 public:
  HttpServerOn(asio::io_context& io, std::shared_ptr<Acceptor> acceptor, std::shared_ptr<Shared> shared)
      : acceptor_(std::move(acceptor)), shared_(std::move(shared)) {
    acceptor_->start([&io]() -> asio::io_context& { return io; },
                     [shared = shared_](tcp::socket socket) {
                       if (shared->sessions.size() >= kMaxHttpConnections) return;
                       std::make_shared<Session>(std::move(socket), shared)->read();
                     });
  }
  ~HttpServerOn() override {
    acceptor_->close();
    shared_->stopped = true;
    for (Session* session : shared_->sessions) session->close();
  }
  uint16_t port() const override { return acceptor_->port(); }

 private:
  std::shared_ptr<Acceptor> acceptor_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(asio::io_context& io, const std::string& address,
                                                     uint16_t port, HttpHandler handler) {
  auto shared = std::make_shared<Shared>();
  shared->handler = std::move(handler);
  auto acceptor = std::make_shared<Acceptor>(io);
  if (const auto error = acceptor->open(address, port)) {
    return Error{ErrorKind::kIo,
                 "can't listen on " + address + ":" + std::to_string(port) + ": " + error.message()};
  }
  return std::unique_ptr<HttpServer>(
      std::make_unique<HttpServerOn>(io, std::move(acceptor), std::move(shared)));
}

}  // namespace keyzone::net
