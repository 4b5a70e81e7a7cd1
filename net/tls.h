// TLS contexts from PEM files, for listeners, peer links and clients. TLS 1.2 and later only.
#pragma once
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "schema/result.h"

namespace keyzone::net {

struct TlsFiles {
  std::string certificate;  // chain, PEM; empty for a client that shows none
  std::string private_key;  // PEM
  std::string authorities;  // PEM of those whose certificates are trusted; empty: peers are not verified
  bool require_certificate =
      false;  // server: refuse clients that show none (mutual TLS); needs `authorities`
};

// Fails with kIo, naming the file that can't be used.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const TlsFiles& files);

}  // namespace keyzone::net
