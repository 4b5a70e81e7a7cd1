// CREATE, ALTER and DROP KEYSPACE.
#include <algorithm>
#include <set>

#include "cql/ddl/plan.h"
#include "cql/system_tables/system_tables.h"
#include "schema/text.h"

namespace keyzone::cql::ddl {
namespace {

using Replication = std::map<std::string, std::string>;

constexpr std::string_view kDefaultDataCenter = "datacenter1";
constexpr const char* kFactor = "replication_factor";
constexpr int kReplicas = 3;  // that data always has

std::set<std::string> data_centers(const Catalog& catalog) {
  std::set<std::string> out;
  for (const auto& [id, node] : catalog.nodes) out.insert(node.data_center);
  if (out.empty()) out.insert(std::string(kDefaultDataCenter));
  return out;
}

Error bad_strategy(const std::string& full) {
  if (full == std::string(kLocatorPackage) + "LocalStrategy") {
    return invalid("Unable to use given strategy class: LocalStrategy is reserved for internal use.");
  }
  if (full == std::string(kLocatorPackage) + "OldNetworkTopologyStrategy") {
    return config_error(
        "The support for the OldNetworkTopologyStrategy has been removed in C* version 4.0. The keyspace "
        "strategy should be switch to NetworkTopologyStrategy");
  }
  return config_error("Unable to find replication strategy class '" + full + "'");
}

Error unknown_option(const std::string& option, const std::string& strategy, const std::string& keyspace) {
  return config_error("Unrecognized strategy option {" + option + "} passed to " + strategy +
                      " for keyspace " + keyspace);
}

Error no_data_center() { return config_error("Configuration for at least one datacenter must be present"); }

Result<void> check_factor(const std::string& text) {
  if (text.find('/') != text.npos) return config_error("Transient replication is not enabled on this node");
  int32_t factor = 0;
  if (!parse_int(text, factor)) return config_error("For input string: \"" + text + "\"");
  if (factor < 0) return config_error("Replication factor must be non-negative, found " + text);
  return {};
}

// Where nothing says otherwise, the factor is what it was.
std::string factor_as_it_was(const Replication& before) {
  const auto factor = before.find(kFactor);
  return factor != before.end() ? factor->second : std::to_string(kDefaultReplicationFactor);
}

Result<Replication> simple_strategy(Replication given, const Replication& before,
                                    const std::string& keyspace) {
  given.emplace(kFactor, factor_as_it_was(before));
  for (const auto& [option, value] : given) {
    if (option != "class" && option != kFactor) return unknown_option(option, "SimpleStrategy", keyspace);
  }
  KEYZONE_CHECK(check_factor(given[kFactor]));
  return given;
}

// `replication_factor` stands for every data centre that neither the statement nor the keyspace before it
// names.
Result<Replication> network_strategy(Replication given, const Replication& before,
                                     const std::string& keyspace, const Catalog& catalog) {
  const std::set<std::string> known = data_centers(catalog);
  const auto factor = given.find(kFactor);
  const bool names_one = std::any_of(given.begin(), given.end(),
                                     [](const auto& o) { return o.first != "class" && o.first != kFactor; });
  if (factor != given.end() || !names_one) {
    const std::string value = factor != given.end() ? factor->second : factor_as_it_was(before);
    if (auto checked = check_factor(value); !checked) return names_one ? checked.error() : no_data_center();
    given.erase(kFactor);
    for (const std::string& data_center : known) {
      const auto old = before.find(data_center);
      given.emplace(data_center, old == before.end() ? value : old->second);
    }
  }
  for (const auto& [option, value] : given) {
    if (option == "class") continue;
    if (lower_case(option) == kFactor) {
      return config_error(std::string(kFactor) +
                          " should not appear as an option at construction time for NetworkTopologyStrategy");
    }
    if (!known.contains(option)) return unknown_option(option, "NetworkTopologyStrategy", keyspace);
    KEYZONE_CHECK(check_factor(value));
  }
  const bool somewhere = std::any_of(given.begin(), given.end(),
                                     [](const auto& o) { return o.first != "class" && o.second != "0"; });
  if (!somewhere) return no_data_center();
  return given;
}

Error no_class() { return config_error("Missing replication strategy class"); }

// The map as it is kept: the class in full, replication_factor spread over the data centres.
Result<Replication> check_replication(Replication given, const Replication& before,
                                      const std::string& keyspace, const Catalog& catalog) {
  const auto name = given.find("class");
  if (name == given.end()) return no_class();
  if (name->second.find('.') == name->second.npos) name->second = std::string(kLocatorPackage) + name->second;
  const std::string full = name->second;
  if (full == std::string(kLocatorPackage) + "SimpleStrategy")
    return simple_strategy(std::move(given), before, keyspace);
  if (full != std::string(kLocatorPackage) + "NetworkTopologyStrategy") return bad_strategy(full);
  return network_strategy(std::move(given), before, keyspace, catalog);
}

// More copies than were asked for need no word; fewer do, as in Cassandra.
void warn_of_factors(const Keyspace& keyspace, DdlPlan& plan) {
  for (const auto& [option, value] : keyspace.replication) {
    int32_t factor = 0;
    if (option == "class" || !parse_int(value, factor) || factor <= kReplicas) continue;
    plan.warnings.push_back("The replication factor " + value + " of keyspace " + keyspace.name +
                            " is kept and shown, but data always has " + std::to_string(kReplicas) +
                            " replicas, one in each zone");
  }
}

Result<void> check_names(const Properties& properties) {
  static constexpr std::string_view kKnown[] = {"replication", "durable_writes"};
  KEYZONE_CHECK(check_unique(properties));
  return check_known(properties, kKnown);
}

// Reads the properties into `keyspace`; says whether `replication` was among them.
Result<bool> apply_keyspace_properties(const Properties& properties, const Catalog& catalog,
                                       Keyspace& keyspace) {
  bool replication = false;
  for (const Property& property : properties) {
    if (property.name == "durable_writes") {
      KEYZONE_TRY(value, bool_property(property));
      keyspace.durable_writes = value;
    }
  }
  for (const Property& property : properties) {
    if (property.name == "replication") {
      KEYZONE_TRY(given, map_property(property));
      if (given.empty() && !keyspace.replication.empty()) continue;  // stays as it is
      KEYZONE_TRY(checked, check_replication(given, keyspace.replication, keyspace.name, catalog));
      keyspace.replication = std::move(checked);
      replication = true;
    }
  }
  return replication;
}

// Whether there is such a keyspace or not; only an empty map is looked at later.
Result<void> check_has_class(const Properties& properties) {
  for (const Property& property : properties) {
    if (property.name != "replication") continue;
    KEYZONE_TRY(given, map_property(property));
    if (!given.empty() && !given.contains("class")) return no_class();
  }
  return {};
}

bool says_replication(const Properties& properties) {
  return std::any_of(properties.begin(), properties.end(),
                     [](const Property& property) { return property.name == "replication"; });
}

}  // namespace

Result<DdlPlan> create_keyspace(const CreateKeyspaceStatement& statement, const DdlContext& context) {
  if (is_system_keyspace(statement.name) && !is_replicated_system_keyspace(statement.name)) {
    return invalid("System keyspace '" + statement.name + "' is not user-modifiable");
  }
  KEYZONE_CHECK(check_keyspace_name(statement.name));
  KEYZONE_CHECK(check_names(statement.properties));
  if (!says_replication(statement.properties)) return invalid("Missing mandatory option 'replication'");
  KEYZONE_CHECK(check_has_class(statement.properties));
  if (find_keyspace(context, statement.name) || is_system_keyspace(statement.name)) {
    if (statement.if_not_exists) return nothing(context);
    return Error{ErrorKind::kAlreadyExists, "Cannot add existing keyspace \"" + statement.name + "\"",
                 statement.name, ""};
  }
  Keyspace keyspace;
  keyspace.name = statement.name;
  KEYZONE_CHECK(apply_keyspace_properties(statement.properties, context.catalog, keyspace));
  DdlPlan plan = changed(context, kCreated, "KEYSPACE", keyspace.name, "");
  warn_of_factors(keyspace, plan);
  plan.change.put_keyspaces.push_back(std::move(keyspace));
  return plan;
}

Result<DdlPlan> alter_keyspace(const AlterKeyspaceStatement& statement, const DdlContext& context) {
  const bool is_system = is_system_keyspace(statement.name);
  if (is_system && !is_replicated_system_keyspace(statement.name)) return not_modifiable(statement.name);
  KEYZONE_CHECK(check_keyspace_name(statement.name));
  KEYZONE_CHECK(check_names(statement.properties));
  KEYZONE_CHECK(check_has_class(statement.properties));
  const Keyspace* before = find_keyspace(context, statement.name);
  if (!before) before = find_system_keyspace(statement.name);
  if (!before && statement.if_exists) return nothing(context);
  if (!before) return invalid("Keyspace '" + statement.name + "' doesn't exist");
  Keyspace keyspace = *before;
  KEYZONE_TRY(has_replication, apply_keyspace_properties(statement.properties, context.catalog, keyspace));
  const bool same =
      keyspace.replication == before->replication && keyspace.durable_writes == before->durable_writes;
  DdlPlan plan = same ? nothing(context) : changed(context, kUpdated, "KEYSPACE", keyspace.name, "");
  if (has_replication && !is_system) warn_of_factors(keyspace, plan);
  if (!same) plan.change.put_keyspaces.push_back(std::move(keyspace));
  return plan;
}

Result<DdlPlan> drop_keyspace(const DropKeyspaceStatement& statement, const DdlContext& context) {
  if (is_replicated_system_keyspace(statement.name))
    return not_permitted("DROP", "keyspace " + statement.name);
  if (is_system_keyspace(statement.name)) return not_modifiable(statement.name);
  KEYZONE_CHECK(check_keyspace_name(statement.name));
  if (!find_keyspace(context, statement.name)) {
    if (statement.if_exists) return nothing(context);
    return invalid("Keyspace '" + statement.name + "' doesn't exist");
  }
  DdlPlan plan = changed(context, kDropped, "KEYSPACE", statement.name, "");
  plan.change.drop_keyspaces.push_back(statement.name);
  return plan;
}

}  // namespace keyzone::cql::ddl
