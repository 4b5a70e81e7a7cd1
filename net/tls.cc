#include "net/tls.h"

namespace keyzone::net {

namespace ssl = boost::asio::ssl;

Result<std::unique_ptr<ssl::context>> make_tls_context(const TlsFiles& files) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls);
  boost::system::error_code error;
  const auto failed = [&](const std::string& what) {
    return Error{ErrorKind::kIo, "TLS: can't use " + what + ": " + error.message()};
  };
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                           ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::single_dh_use,
                       error);
  if (error) return failed("the protocol versions");
  if (!files.certificate.empty()) {
    context->use_certificate_chain_file(files.certificate, error);
    if (error) return failed(files.certificate);
    context->use_private_key_file(files.private_key, ssl::context::pem, error);
    if (error) return failed(files.private_key);
  }
  if (files.authorities.empty()) {
    if (files.require_certificate) {
      return Error{ErrorKind::kIo, "TLS: certificates are required, but no authorities are configured"};
    }
    context->set_verify_mode(ssl::verify_none, error);
  } else {
    context->load_verify_file(files.authorities, error);
    if (error) return failed(files.authorities);
    context->set_verify_mode(
        ssl::verify_peer | (files.require_certificate ? ssl::verify_fail_if_no_peer_cert : 0), error);
  }
  if (error) return failed("the verification mode");
  return context;
}

}  // namespace keyzone::net
