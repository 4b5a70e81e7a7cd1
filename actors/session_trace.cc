// What a session notes of a request whose client asked for a trace, and who is told of it.

#include "actors/session_actor.h"
#include "schema/types/hex.h"

namespace keyzone::actors {

namespace {

std::string clipped(std::string text) {
  if (text.size() > kTraceTextMax) {
    text.resize(kTraceTextMax);
    text += "...";
  }
  return text;
}

// Of a longer text the first thousand characters, counted as Java does: two where UTF-8 has four bytes. What
// follows ends in a quote, whatever the literal began with.
std::string literal_text(std::string text) {
  size_t at = 0;
  for (size_t count = 0; at < text.size() && count < kTraceValueMax; ++count) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead >= 0xf0 && ++count == kTraceValueMax) {
      text.replace(at++, 1, "?");  // half a character
      break;
    }
    at += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  }
  if (at < text.size()) text.replace(at, text.npos, "...'");
  return text;
}

// As Cassandra shows it: by its type where it has one, else as it came.
std::string value_text(const Value& value, const TypePtr& type) {
  if (value.is_null()) return "null";
  if (value.is_unset()) return "<unset>";
  if (type->validate(value.bytes)) return literal_text(type->to_cql_literal(value.bytes));
  return literal_text("0x" + to_hex(value.bytes.substr(0, kTraceTextMax)));
}

const char* outcome_text(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kDone:
      return "applied on a majority";
    case OutcomeKind::kConditionFailed:
      return "the condition does not hold: nothing written";
    case OutcomeKind::kStale:
      return "planned on another schema: planning again";
    case OutcomeKind::kExpired:
      return "came past its deadline";
    case OutcomeKind::kInvalid:
      return "refused when applied";
    case OutcomeKind::kNoSpace:
      return "refused: no space on disk";
  }
  return "";
}

}  // namespace

std::string Session::name_of(NodeId node) {
  const auto& nodes = view().catalog->nodes;
  const auto found = nodes.find(node);
  if (found == nodes.end()) return "node " + std::to_string(node.value);
  return found->second.name + " (" + found->second.zone + (node == context_.self ? ", this node)" : ")");
}

void Session::trace_request(ClientRequest& request, const char* what, const net::QueryParameters* parameters,
                            std::optional<BytesView> text) {
  if (!request.trace) return;
  auto& fact = *request.trace;
  fact.request = what;
  fact.client = stream_.stream->remote().address.to_string();
  fact.thread = "session-" + std::to_string(number_);
  if (const auto found = view().catalog->nodes.find(context_.self); found != view().catalog->nodes.end()) {
    fact.coordinator = found->second.listen_address;
    fact.coordinator_port = found->second.storage_port;
  }
  if (text) fact.parameters["query"] = clipped(std::string(*text));
  fact.parameters["consistency_level"] = net::to_string(request.consistency);
  fact.parameters["serial_consistency_level"] =
      net::to_string(request.serial_consistency.value_or(net::Consistency::kSerial));
  if (parameters && parameters->page_size)
    fact.parameters["page_size"] = std::to_string(*parameters->page_size);
  trace(request, text ? "Parsing " + fact.parameters["query"] : std::string(what));
}

void Session::trace_values(ClientRequest& request, const cql::PreparedInfo& info,
                           const net::QueryParameters& parameters) {
  const auto& specs = *info.bind_variables;
  for (size_t i = 0; i < specs.size() && i < parameters.values.size() && parameters.names.empty(); ++i) {
    request.trace->parameters["bound_var_" + std::to_string(i) + "_" + specs[i].name] =
        value_text(parameters.values[i], specs[i].type);
  }
}

void Session::trace(const ClientRequest& request, std::string activity, NodeId at) {
  auto& fact = *request.trace;
  if (fact.events.size() >= kTraceEventsMax) return;
  const auto& nodes = view().catalog->nodes;
  const auto node = at == context_.self ? nodes.end() : nodes.find(at);
  fact.events.push_back({time_uuid(), std::move(activity), static_cast<int32_t>(now_us() - request.traced_at),
                         node == nodes.end() ? "" : node->second.listen_address});
}

void Session::trace_part(const RequestPart& part, const std::string& activity) {
  const ClientRequest* request = requests_.find(part.request);
  if (!request || !request->trace) return;
  const std::string bytes = part.write ? " of " + std::to_string(part.write->command.size()) + " bytes" : "";
  trace(*request, std::string(part.write ? "Sending the write" : "Sending the read") + bytes +
                      " for tablet " + std::to_string(part.group.value) + " " + activity);
}

void Session::trace_reply(const RequestPart& part, const Reply& reply) {
  const ClientRequest* request = requests_.find(part.request);
  if (!request || !request->trace) return;
  const auto tablet_at = [&](NodeId node) {
    return "Tablet " + std::to_string(part.group.value) + " at " + name_of(node) + ": ";
  };
  const std::string tablet = tablet_at(part.sent_to);
  if (const auto* refusal = std::get_if<Refusal>(&reply.body)) {
    const std::string leader = refusal->leader.value ? ", " + name_of(refusal->leader) + " does" : "";
    const bool leads = refusal->kind != ErrorKind::kNotLeader;
    trace(*request, tablet + (leads ? refusal->message : "does not lead" + leader), part.sent_to);
  } else if (const auto* outcome = std::get_if<Outcome>(&reply.body)) {
    trace(*request, tablet + outcome_text(outcome->kind), part.sent_to);
    if (!part.write || !part.write->all || outcome->kind != OutcomeKind::kDone) return;
    const auto map = view().catalog->tablets.find(part.table);
    if (map == view().catalog->tablets.end()) return;
    for (const NodeId node : map->second->find(part.token).replicas) {
      if (node != part.sent_to) trace(*request, tablet_at(node) + "has it", node);
    }
  } else {
    const auto& rows = std::get<ReadResult>(reply.body);
    const Route* route = view().route(part.group);
    const NodeId leader = route ? route->leader_hint() : NodeId();
    // A replica that doesn't lead has asked who does.
    if (!part.nearest && leader.value && leader != part.sent_to)
      trace(*request, tablet_at(leader) + "told up to where the log counts", leader);
    trace(*request,
          tablet + live_and_dead_text(rows.row_count, rows.tombstones) + ", " +
              std::to_string(rows.rows.size()) + " bytes" + (rows.more ? ", and there are more" : ""),
          part.sent_to);
  }
}

// The answer is on its way. Peers hear of it, since the client may ask any node.
void Session::finish_trace(const ClientRequest& request) {
  trace(request, "Request complete");
  auto& fact = *request.trace;
  fact.duration_us = static_cast<int32_t>(now_us() - request.traced_at);
  share_trace(request.trace);
}

void Session::share_trace(const TraceFactPtr& fact) {
  context_.traces.put(fact);
  auto out = std::make_shared<Outgoing>();
  for (const auto node : *view().alive) {
    if (node != context_.self) out->items.push_back({node, PeerItem{GroupId(), fact}});
  }
  if (!out->items.empty()) send_message(context_.hub, OutgoingPtr(std::move(out)));
}

void Session::delete_traces(uint32_t number) {
  auto& request = requests_.at(number);
  const auto& gone = std::get<cql::LocalDelete>(*request.execution);
  if (!replicas_suffice(number, *gone.table)) return;
  for (const Command& command : gone.commands) {
    for (const TraceFactPtr& less : context_.traces.without(*gone.table, command)) share_trace(less);
  }
  answer_void(request);
  forget(number);
}

}  // namespace keyzone::actors
