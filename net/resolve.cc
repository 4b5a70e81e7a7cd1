#include "net/resolve.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace keyzone::net {

namespace asio = boost::asio;

Result<std::string> resolve(const std::string& host) {
  boost::system::error_code error;
  const auto numeric = asio::ip::make_address(host, error);
  if (!error) return numeric.to_string();
  asio::io_context io;
  const auto found = asio::ip::tcp::resolver(io).resolve(host, "", error);
  if (error || found.empty()) {
    return Error{ErrorKind::kIo, "the host '" + host + "' has no address: " + error.message()};
  }
  const auto v4 = std::find_if(found.begin(), found.end(),
                               [](const auto& one) { return one.endpoint().address().is_v4(); });
  return (v4 == found.end() ? found.begin() : v4)->endpoint().address().to_string();
}

}  // namespace keyzone::net
