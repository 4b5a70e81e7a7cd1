// A small HTTP/1.1 server for health and metrics: GET and HEAD only, keep-alive, answers made by one handler.
#pragma once
#include <utility>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "schema/result.h"

namespace keyzone::net {

inline constexpr size_t kMaxHttpRequest = 8 << 10;  // header and body
inline constexpr size_t kMaxHttpConnections = 64;
inline constexpr int kHttpIdleSeconds = 30;

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};
// `target` is the path with its query, as sent. Called on the io_context's thread.
using HttpHandler = std::function<HttpResponse(std::string_view target)>;

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> open(boost::asio::io_context& io, const std::string& address,
                                                  uint16_t port, HttpHandler handler);
  virtual ~HttpServer() = default;  // stops, and closes its connections
  virtual uint16_t port() const = 0;
};

}  // namespace keyzone::net
