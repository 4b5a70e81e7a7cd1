#include "actors/errors.h"

namespace keyzone::actors {

namespace {

net::ErrorCode code_of(ErrorKind kind) {
  using Code = net::ErrorCode;
  switch (kind) {
    case ErrorKind::kSyntax:
      return Code::kSyntaxError;
    case ErrorKind::kInvalid:
      return Code::kInvalid;
    case ErrorKind::kUnauthorized:
      return Code::kUnauthorized;
    case ErrorKind::kConfig:
      return Code::kConfigError;
    case ErrorKind::kAlreadyExists:
      return Code::kAlreadyExists;
    case ErrorKind::kUnprepared:
      return Code::kUnprepared;
    case ErrorKind::kProtocol:
      return Code::kProtocolError;
    case ErrorKind::kUnavailable:
      return Code::kUnavailable;
    case ErrorKind::kOverloaded:
      return Code::kOverloaded;
    case ErrorKind::kTruncateError:
      return Code::kTruncateError;
    case ErrorKind::kWriteTimeout:
      return Code::kWriteTimeout;
    case ErrorKind::kReadTimeout:
      return Code::kReadTimeout;
    case ErrorKind::kFunctionFailure:
      return Code::kFunctionFailure;
    case ErrorKind::kNotLeader:
    case ErrorKind::kStale:
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo:
    case ErrorKind::kNoSpace:
    case ErrorKind::kServer:
      return Code::kServerError;
  }
  return Code::kServerError;
}

}  // namespace

net::ErrorResponse error_response(const Error& error, net::Consistency consistency) {
  net::ErrorResponse response;
  response.code = code_of(error.kind);
  response.message = error.message;
  response.consistency = consistency;
  response.keyspace = error.keyspace;
  response.table = error.table;
  if (error.kind == ErrorKind::kUnprepared) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string id;
    for (const char c : error.message) {
      id += kHex[static_cast<uint8_t>(c) >> 4];
      id += kHex[static_cast<uint8_t>(c) & 15];
    }
    response.unprepared_id = error.message;
    response.message =
        "Prepared query with ID " + id +
        " not found (either the query was not prepared on this host (maybe the host has been "
        "restarted?) or you have prepared too many queries and it has been evicted from the internal "
        "cache)";
  }
  return response;
}

}  // namespace keyzone::actors
