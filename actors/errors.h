// From our errors to the native protocol's: the one place where a CQL error code is chosen.
#pragma once
#include "net/protocol/response.h"
#include "schema/result.h"

namespace keyzone::actors {

net::ErrorResponse error_response(const Error& error, net::Consistency consistency);

}  // namespace keyzone::actors
