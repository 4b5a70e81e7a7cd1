// Names of hosts.
#pragma once
#include <string>

#include "schema/result.h"

namespace keyzone::net {

// The numeric address of a host: itself, or of a name the first that the system's resolver knows, IPv4 before
// IPv6. Waits for the resolver. kIo: it knows none.
Result<std::string> resolve(const std::string& host);

}  // namespace keyzone::net
