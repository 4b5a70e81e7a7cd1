// Connects to one address, again and again until it succeeds. Waits are drawn, from an injected seed, between
// kDialWaitMin and a bound that grows by half of itself up to kDialWaitMax: nodes don't come back in step.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "net/connection.h"

namespace keyzone::net {

inline constexpr std::chrono::milliseconds kDialWaitMin{50};
inline constexpr std::chrono::milliseconds kDialWaitMax{2000};
inline constexpr std::chrono::milliseconds kDialTimeout{3000};

// The waits alone, without a clock or a socket.
class Backoff {
 public:
  explicit Backoff(uint64_t seed) : state_(seed) {}
  std::chrono::milliseconds next();  // of kDialWaitMin..kDialWaitMax
  void reset() { grown_ = kDialWaitMin; }

 private:
  uint64_t state_;
  std::chrono::milliseconds grown_ = kDialWaitMin;  // the longest that the next wait may be
};

class Dialer {
 public:
  struct Options {
    std::string host;  // a name or a number
    uint16_t port = 0;
    uint64_t seed = 0;
    Connection::TlsContext* tls = nullptr;
  };
  using OnConnected = std::function<void(std::shared_ptr<Connection>)>;
  using OnFailed = std::function<void(const std::string& reason)>;  // one attempt failed; it goes on

  // Callbacks come on the io_context's thread, never from within the constructor or dial().
  static std::unique_ptr<Dialer> make(boost::asio::io_context& io, Options options, OnConnected on_connected,
                                      OnFailed on_failed = {});
  virtual ~Dialer() = default;  // stops; no callback after it
  // Begins to try: at once the first time, and the first time after succeeded(); else after a wait. Nothing
  // happens while it tries already.
  virtual void dial() = 0;
  // The connection proved good (its peer said hello): the next dial() waits no more.
  virtual void succeeded() = 0;
};

// One attempt, no retries; for tools. `on_done` gets a null connection and a reason when it failed.
void connect_once(boost::asio::io_context& io, const std::string& host, uint16_t port,
                  Connection::TlsContext* tls,
                  std::function<void(std::shared_ptr<Connection>, std::string reason)> on_done);

}  // namespace keyzone::net
