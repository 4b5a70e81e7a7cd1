#include "net/http.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <optional>
#include <set>

#include "net/acceptor.h"

namespace keyzone::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

class Session;

// What server and sessions share; outlives the server as long as a session has a handler under way.
struct Shared {
  HttpHandler handler;
  std::set<Session*> sessions;
  bool stopped = false;
};

// The answer as it is sent; a HEAD's keeps the length of the body that it leaves out.
std::string text_of(const HttpResponse& response, const http::request<http::empty_body>& request) {
  const bool old = request.version() < 11;
  std::string text = old ? "HTTP/1.0 " : "HTTP/1.1 ";
  text += std::to_string(response.status) + ' ';
  const auto reason = http::obsolete_reason(http::int_to_status(response.status));
  text.append(reason.data(), reason.size());
  text += "\r\nContent-Type: " + response.content_type + "\r\nCache-Control: no-store\r\n";
  if (request.keep_alive() == old) text += old ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n";
  if (request.method() != http::verb::head) text += response.body;
  return text;
}

// Reads and writes plain buffers: Beast's own asynchronous operations, its streams and its writing of a
// response take as long to compile as the rest of net/ together.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shared> shared)
      : socket_(std::move(socket)), idle_(socket_.get_executor()), shared_(std::move(shared)) {
    shared_->sessions.insert(this);
  }
  ~Session() { shared_->sessions.erase(this); }

  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    idle_.cancel();
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHttpRequest);
    parser_->body_limit(kMaxHttpRequest);
    wait();
    parse();
  }

 private:
  void wait() {
    idle_.expires_after(std::chrono::seconds(kHttpIdleSeconds));
    idle_.async_wait([me = weak_from_this()](boost::system::error_code error) {
      if (const auto session = me.lock(); session && !error) session->close();
    });
  }

  // With what came so far: an answer, more bytes, or (at what isn't HTTP) the end.
  void parse() {
    boost::system::error_code error = http::error::need_more;
    while (received_ > 0 && !parser_->is_done()) {
      const size_t used = parser_->put(asio::buffer(buffer_.data(), received_), error);
      std::copy(buffer_.begin() + used, buffer_.begin() + received_, buffer_.begin());
      received_ -= used;
      if (error || used == 0) break;
    }
    if (parser_->is_done()) return answer(parser_->get());
    if ((error && error != http::error::need_more) || received_ == buffer_.size()) return close();
    socket_.async_read_some(asio::buffer(buffer_.data() + received_, buffer_.size() - received_),
                            [me = shared_from_this()](boost::system::error_code failed, size_t count) {
                              if (failed || me->shared_->stopped) return me->close();
                              me->received_ += count;
                              me->parse();
                            });
  }

  void answer(const http::request<http::empty_body>& request) {
    HttpResponse made{405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
    if (request.method() == http::verb::get || request.method() == http::verb::head) {
      const auto target = request.target();
      made = shared_->handler({target.data(), target.size()});
    }
    response_ = text_of(made, request);
    asio::async_write(socket_, asio::buffer(response_),
                      [me = shared_from_this()](boost::system::error_code error, size_t) {
                        if (error || me->shared_->stopped) return me->close();
                        if (me->parser_->get().keep_alive()) return me->read();
                        me->socket_.shutdown(tcp::socket::shutdown_send, error);
                        me->idle_.cancel();
                      });
  }

  tcp::socket socket_;
  asio::steady_timer idle_;
  std::array<char, kMaxHttpRequest> buffer_;
  size_t received_ = 0;  // bytes at the front of the buffer that no request has used
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::string response_;
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
