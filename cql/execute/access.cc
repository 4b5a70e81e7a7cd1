#include "cql/execute/access.h"

#include <string>

#include "schema/text.h"

namespace keyzone::cql {
namespace {

Error unauthorized(std::string message) { return {ErrorKind::kUnauthorized, std::move(message)}; }

Error not_logged_in() {
  return unauthorized("You have to be logged in and not anonymous to perform this request");
}

std::optional<Error> wrong_options(const RoleOptions& options) {
  const char* unsupported = options.password             ? "PASSWORD"
                            : options.hashed_password    ? "HASHED_PASSWORD"
                            : options.generated_password ? "GENERATED_PASSWORD"
                            : options.options            ? "OPTIONS"
                                                         : nullptr;
  if (unsupported)
    return invalid(std::string("org.apache.cassandra.auth.CassandraRoleManager doesn't support ") +
                   unsupported);
  if (!options.cidr_groups || options.cidr_groups->empty()) return std::nullopt;
  return invalid("Invalid CIDR group(s): [" + joined(*options.cidr_groups) +
                 "]. Available CIDR Groups are: []");
}

bool is_empty(const RoleOptions& options) {
  return !options.superuser && !options.login && !options.data_centers && !options.cidr_groups;
}

// What is wrong with a statement is told before who asks.
struct Refusal {
  Error operator()(const CreateRoleStatement& create) const {
    if (create.options.superuser.value_or(false))
      return unauthorized("Only superusers can create a role with superuser status");
    return wrong_options(create.options).value_or(not_logged_in());
  }
  Error operator()(const AlterRoleStatement& alter) const {
    if (alter.options.superuser) return unauthorized("Only superusers are allowed to alter superuser status");
    if (auto wrong = wrong_options(alter.options)) return *wrong;
    return is_empty(alter.options) ? invalid("ALTER [ROLE|USER] can't be empty") : not_logged_in();
  }
  Error operator()(const GrantPermissionsStatement& grant) const {
    const bool function = grant.resource.kind == Resource::Kind::kFunction;
    if (function && grant.resource.name.keyspace.empty())
      return invalid("In this context function name must be explictly qualified by a keyspace");
    return not_logged_in();
  }
  Error operator()(const DropRoleStatement&) const { return not_logged_in(); }
  Error operator()(const GrantRoleStatement&) const { return not_logged_in(); }
  Error operator()(const ListRolesStatement&) const { return not_logged_in(); }
  Error operator()(const ListPermissionsStatement&) const { return not_logged_in(); }
  Error operator()(const IdentityStatement&) const { return not_logged_in(); }
};

}  // namespace

std::optional<Error> refuse_access(const Statement& statement) {
  return std::visit(
      [](const auto& one) -> std::optional<Error> {
        if constexpr (std::is_invocable_v<Refusal, decltype(one)>) return Refusal{}(one);
        return std::nullopt;
      },
      statement.kind);
}

}  // namespace keyzone::cql
