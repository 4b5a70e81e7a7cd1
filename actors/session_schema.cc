// Schema changes, USE, TRUNCATE, DESCRIBE and system tables, as a session sees them; and the page states that
// it signs.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "actors/node_facts.h"
#include "actors/placement.h"
#include "actors/session_actor.h"
#include "actors/supervisor.h"
#include "cql/ddl/ddl.h"
#include "cql/describe/describe.h"
#include "cql/execute/read_cursor.h"
#include "cql/system_tables/system_tables.h"

namespace keyzone::actors {

namespace {

constexpr size_t kSignatureSize = 16;  // of an HMAC-SHA256, cut

// What a system keyspace's replication adds up to; 1: every node keeps its own.
size_t system_replicas(const std::string& keyspace, const Catalog& catalog) {
  const auto changed = catalog.keyspaces.find(keyspace);
  const Keyspace* found =
      changed != catalog.keyspaces.end() ? changed->second.get() : cql::find_system_keyspace(keyspace);
  size_t replicas = 0;
  for (const auto& [option, value] : found->replication) {
    if (option != "class") replicas += std::strtoul(value.c_str(), nullptr, 10);
  }
  return std::max<size_t>(replicas, 1);
}

size_t system_replicas_needed(net::Consistency consistency, size_t replicas) {
  switch (consistency) {
    case net::Consistency::kTwo:
      return 2;
    case net::Consistency::kThree:
      return 3;
    case net::Consistency::kAll:
      return replicas;
    case net::Consistency::kAny:
    case net::Consistency::kOne:
    case net::Consistency::kLocalOne:
    case net::Consistency::kNodeLocal:
      return 1;
    default:
      return replicas / 2 + 1;
  }
}

Bytes hmac(BytesView key, BytesView message) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &size);
  return Bytes(reinterpret_cast<const char*>(digest), kSignatureSize);
}

}  // namespace

// --- page states: the signature, then the state

Bytes Session::sign(BytesView page_state) const {
  const auto catalog = context_.routing.view()->catalog;
  return hmac(catalog->secret, page_state) + Bytes(page_state);
}

std::optional<BytesView> Session::check_signature(BytesView signed_state) const {
  if (signed_state.size() < kSignatureSize) return std::nullopt;
  const BytesView state = signed_state.substr(kSignatureSize);
  const auto catalog = context_.routing.view()->catalog;
  const Bytes expected = hmac(catalog->secret, state);
  if (CRYPTO_memcmp(expected.data(), signed_state.data(), kSignatureSize) != 0) return std::nullopt;
  return state;
}

// --- schema changes

// A version 1 UUID, as Cassandra gives to tables.
Uuid Session::time_uuid() {
  constexpr uint64_t kGregorianOffset = 0x01B21DD213814000ull;  // 100 ns steps between 1582 and 1970
  const auto ticks = static_cast<uint64_t>(context_.clock.next()) * 10 + kGregorianOffset;
  const uint64_t node = random_.next();
  Bytes bytes;
  append_be(bytes, static_cast<uint32_t>(ticks));
  append_be(bytes, static_cast<uint16_t>(ticks >> 32));
  append_be(bytes, static_cast<uint16_t>(((ticks >> 48) & 0x0fff) | 0x1000));
  append_be(bytes, (node & 0x3fffffffffffffffull) | 0x8000010000000000ull);
  Uuid uuid;
  std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
  return uuid;
}

void Session::start_schema(uint32_t number) {
  auto& request = requests_.at(number);
  const auto& execution = std::get<cql::SchemaExecution>(*request.execution);
  const auto& catalog = *view().catalog;
  std::vector<std::string> warnings;
  auto permitted =
      cql::permit_statement(dialect_.guardrails, execution.statement, catalog, execution.keyspace, warnings);
  if (!permitted) return fail(number, permitted.error());
  auto plan = cql::plan_schema_change(
      **permitted, {catalog, execution.keyspace, time_uuid(), context_.clock.now(), dialect_.masked_columns});
  if (!plan && plan.error().kind == ErrorKind::kAlreadyExists) {
    return await_agreement(number, catalog.version,
                           [this, error = plan.error()](uint32_t agreed) { fail(agreed, error); });
  }
  if (!plan) return fail(number, plan.error());
  auto checked = cql::check_schema_change(dialect_.guardrails, **permitted, plan->change, catalog, warnings);
  if (!checked) return fail(number, checked.error());
  warnings.insert(warnings.end(), plan->warnings.begin(), plan->warnings.end());
  request.warn(warnings);
  if (!plan->event) {  // nothing to do
    return await_agreement(number, catalog.version, [this](uint32_t agreed) {
      answer_void(requests_.at(agreed));
      forget(agreed);
    });
  }
  auto& change = plan->change;
  change.expected = catalog.version;
  uint64_t next_id = std::max(catalog.next_id, kFirstDynamicId);
  for (const auto& table : change.put_tables) {
    if (catalog.tables_by_id.contains(table.id)) continue;
    auto tablets = place_table(catalog, context_.options.initial_tablets, &next_id);
    if (!tablets) return fail(number, tablets.error());
    change.put_tablets.push_back({table.id, *std::move(tablets)});
  }
  change.next_id = next_id;
  if (request.trace) trace(request, "Proposing the schema change to the catalog's group");
  request.outcomes.assign(1, {});
  request.waiting = 1;
  request.then = [this, event = *plan->event, version = catalog.version.next()](uint32_t done) {
    schema_applied(done, version, event);
  };

  auto [part_number, part] = add_part(number, 0);
  part.group = kCatalogGroup;
  auto wanted = std::make_shared<CatalogRequest>();
  wanted->id = id_of(part_number);
  wanted->origin = context_.self;
  wanted->change = encode_change(change);
  part.catalog = std::move(wanted);
  dispatch(part_number, part);
}

void Session::schema_applied(uint32_t number, CatalogVersion version, const SchemaChangeEvent& event) {
  if (const auto& request = requests_.at(number); request.trace)
    trace(request, "The catalog's group has version " + std::to_string(version.value) +
                       "; waiting until every live node has it");
  await_agreement(number, version, [this, event](uint32_t agreed) {
    auto& request = requests_.at(agreed);
    answer(request, net::Opcode::kResult,
           [&](Bytes& body) { net::encode_schema_change(body, request.version, event); });
    forget(agreed);
  });
}

// What a client is told of the schema, changed by its statement or found so, is true of every live node: a
// table that was there already is there, too, for whoever asks another node next.
void Session::await_agreement(uint32_t number, CatalogVersion version,
                              std::function<void(uint32_t number)> then) {
  requests_.at(number).agreement = Agreement{version, std::move(then)};
  auto wait = std::make_shared<AwaitVersion>();
  wait->version = version;
  wait->session = self_;
  send_message(context_.supervisor, AwaitVersionPtr(std::move(wait)));
}

void Session::schema_agreed(CatalogVersion version) {
  std::vector<uint32_t> done;
  requests_.each([&](uint32_t number, const ClientRequest& request) {
    if (request.agreement && request.agreement->version <= version) done.push_back(number);
  });
  for (const auto number : done) {
    const auto agreement = std::move(requests_.at(number).agreement);
    agreement->then(number);
  }
  flush();
}

// --- what needs no tablet

void Session::use_keyspace(uint32_t number, const std::string& keyspace) {
  keyspace_ = keyspace;
  record_->set_keyspace(keyspace);
  auto& request = requests_.at(number);
  answer(request, net::Opcode::kResult, [&](Bytes& body) { net::encode_set_keyspace(body, keyspace); });
  forget(number);
}

// Of a system table: as many as its keyspace says that there are, though every node answers by itself.
// Virtual tables have none to ask.
bool Session::replicas_suffice(uint32_t number, const Table& system_table) {
  if (cql::is_virtual_keyspace(system_table.keyspace)) return true;
  const size_t replicas = system_replicas(system_table.keyspace, *view().catalog);
  const size_t alive = std::min(replicas, view().alive->size());
  return replicas_suffice(number, system_replicas_needed(requests_.at(number).consistency, replicas), alive);
}

void Session::start_local_read(uint32_t number) {
  const auto& request = requests_.at(number);
  const Table& table = *std::get<cql::LocalRead>(*request.execution).table;
  if (!replicas_suffice(number, table)) return;
  if (cql::shows_estimates(table)) ask_estimates(number);
  if (request.waiting == 0) finish_local_read(number);
}

// Asks the replicas that this node has of the tablets whose sizes it tells.
void Session::ask_estimates(uint32_t number) {
  auto& request = requests_.at(number);
  request.estimates.made().clear();
  auto wanted = std::make_shared<EstimateRequest>();
  wanted->tell = [self = self_, number](GroupId group, const storage::Estimate& estimate) {
    send_message(self,
                 EstimateReplyPtr(std::make_shared<EstimateReply>(EstimateReply{number, group, estimate})));
  };
  for (const GroupId group :
       cql::tablets_to_estimate(*view().catalog, context_.self, context_.options.one_node_view)) {
    Route* route = view().route(group);
    if (!route || !route->local) continue;
    ++request.waiting;
    send_message(route->local, EstimateRequestPtr(wanted));
  }
}

void Session::take_estimate(const EstimateReply& reply) {
  ClientRequest* request = requests_.find(reply.request);
  if (!request || request->waiting == 0) return;
  request->estimates.made()[reply.group] = reply.estimate;
  if (--request->waiting > 0) return;
  finish_local_read(reply.request);
  flush();
}

void Session::finish_local_read(uint32_t number) {
  auto& request = requests_.at(number);
  auto& read = std::get<cql::LocalRead>(*request.execution);
  auto facts = node_facts(context_, view(), *read.table);
  if (request.estimates) {
    for (const auto& [group, estimate] : *request.estimates) {
      facts.tablets[group].partitions = estimate.partitions;
      facts.tablets[group].mean_partition_bytes = estimate.mean_partition_bytes;
    }
  }
  facts.queries.push_back({"session-" + std::to_string(number_),
                           "QUERY " + request.statement->prepared->info().text + " at consistency " +
                               std::string(net::to_string(request.consistency)),
                           static_cast<uint64_t>(request.started - request.asked),
                           static_cast<uint64_t>(now_us() - request.started)});
  const auto rows = cql::system_rows(*read.table, *view().catalog, facts);
  auto result = read.finish(rows);
  if (!result) return fail(number, result.error());
  request.warn(read.cursor->warnings());
  answer_rows(request, *result);
  forget(number);
}

void Session::start_describe(uint32_t number) {
  auto& request = requests_.at(number);
  const auto& execution = std::get<cql::DescribeExecution>(*request.execution);
  const auto& catalog = *view().catalog;
  auto all = cql::describe(*execution.statement->as<cql::DescribeStatement>(), catalog, execution.keyspace);
  if (!all) return fail(number, all.error());
  auto result = cql::describe_page(*std::move(all), execution.page_size, execution.paging_state,
                                   catalog.schema_version());
  if (!result) return fail(number, result.error());
  answer_rows(request, *result);
  forget(number);
}

// --- TRUNCATE: every tablet drops its rows at one place in its log

void Session::start_truncate(uint32_t number) {
  auto& request = requests_.at(number);
  const auto table = std::get<cql::TruncateExecution>(*request.execution).table;
  const auto it = view().catalog->tablets.find(table->id);
  if (it == view().catalog->tablets.end())
    return fail(number, {ErrorKind::kServer, "the table has no tablets"});
  request.outcomes.assign(it->second->tablets.size(), {});
  request.waiting = it->second->tablets.size();
  request.then = [this](uint32_t done) {
    answer_void(requests_.at(done));
    forget(done);
  };
  for (size_t i = 0; i < it->second->tablets.size(); ++i) {
    cql::TabletCommand command;
    command.table = table->id;
    command.token = it->second->tablets[i].end;
    command.command.table = table->id;
    command.command.schema_version = table->version;
    command.command.truncate = true;
    add_write(number, i, std::move(command));
    if (!requests_.contains(number)) return;
  }
}

}  // namespace keyzone::actors
