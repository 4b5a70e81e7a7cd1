#include "actors/trace.h"

#include <algorithm>

namespace keyzone::actors {

namespace {

constexpr size_t kTraceOverhead = 256;  // bytes beside its texts
constexpr size_t kEventOverhead = 64;
constexpr size_t kUuidBytes = 16;

void append_uuid(Bytes& out, const Uuid& uuid) {
  out.append(reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size());
}

Uuid read_uuid(ByteReader& in) {
  Uuid uuid;
  const BytesView bytes = in.bytes(kUuidBytes);
  std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
  return uuid;
}

Bytes event_key(const Table& events, const Uuid& id) {
  Bytes key, wire;
  append_uuid(wire, id);
  events.clustering(0).type->append_ordered(wire, false, key);
  return key;
}

void delete_events(const Table& table, const RowWrite& row, std::vector<cql::TraceEvent>& events) {
  std::erase_if(events, [&](const cql::TraceEvent& event) {
    if (row.action == RowAction::kDeletePartition) return true;
    const Bytes key = event_key(table, event.id);
    if (row.action == RowAction::kDeleteRow) return key == row.clustering;
    return key >= row.clustering && (row.clustering_end.empty() || key < row.clustering_end);
  });
}

void delete_session(const Table& table, const RowWrite& row, TraceFact& trace) {
  if (row.action != RowAction::kUpsert) trace.session_deleted = true;
  for (const CellWrite& cell : row.cells) {
    if (const Column* column = table.find(cell.column)) trace.deleted_columns.insert(column->name);
  }
}

// Two nodes may have deleted something of it at once.
TraceFactPtr left_of_both(const TraceFact& trace, const TraceFact& other) {
  auto left = std::make_shared<TraceFact>(trace);
  left->session_deleted = trace.session_deleted || other.session_deleted;
  left->deleted_columns.insert(other.deleted_columns.begin(), other.deleted_columns.end());
  std::erase_if(left->events, [&](const cql::TraceEvent& event) {
    return std::none_of(other.events.begin(), other.events.end(),
                        [&](const cql::TraceEvent& kept) { return kept.id == event.id; });
  });
  return left;
}

size_t size_of(const TraceFact& trace) {
  size_t size = kTraceOverhead + trace.request.size();
  for (const auto& [name, value] : trace.parameters) size += kEventOverhead + name.size() + value.size();
  for (const auto& event : trace.events) size += kEventOverhead + event.activity.size();
  return size;
}

}  // namespace

std::string live_and_dead_text(uint64_t rows, uint64_t tombstones) {
  return "Read " + std::to_string(rows) + " live rows and " + std::to_string(tombstones) + " tombstone cells";
}

Bytes encode_trace(const TraceFact& trace) {
  Bytes out;
  append_uuid(out, trace.id);
  for (const auto& text : {trace.client, trace.coordinator, trace.request, trace.thread})
    append_block(out, text);
  append_varint(out, trace.coordinator_port);
  append_zigzag(out, trace.started_at);
  append_zigzag(out, trace.duration_us);
  append_varint(out, trace.parameters.size());
  for (const auto& [name, value] : trace.parameters) {
    append_block(out, name);
    append_block(out, value);
  }
  append_varint(out, trace.events.size());
  for (const auto& event : trace.events) {
    append_uuid(out, event.id);
    append_block(out, event.activity);
    append_zigzag(out, event.elapsed_us);
  }
  const bool other_sources = std::any_of(trace.events.begin(), trace.events.end(),
                                         [](const cql::TraceEvent& event) { return !event.source.empty(); });
  if (!trace.session_deleted && trace.deleted_columns.empty() && !other_sources) return out;
  append_varint(out, trace.session_deleted);
  append_varint(out, trace.deleted_columns.size());
  for (const std::string& column : trace.deleted_columns) append_block(out, column);
  for (const auto& event : trace.events) append_block(out, event.source);
  return out;
}

Result<TraceFactPtr> decode_trace(BytesView bytes) {
  ByteReader in(bytes);
  auto trace = std::make_shared<TraceFact>();
  trace->id = read_uuid(in);
  for (auto* text : {&trace->client, &trace->coordinator, &trace->request, &trace->thread})
    *text = in.block();
  trace->coordinator_port = static_cast<uint16_t>(in.varint());
  trace->started_at = in.zigzag();
  trace->duration_us = static_cast<int32_t>(in.zigzag());
  for (uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    const std::string name(in.block());
    trace->parameters[name] = in.block();
  }
  const uint64_t events = in.varint();
  for (uint64_t i = 0; i < events && !in.failed() && i < kTraceEventsMax; ++i) {
    cql::TraceEvent event;
    event.id = read_uuid(in);
    event.activity = in.block();
    event.elapsed_us = static_cast<int32_t>(in.zigzag());
    trace->events.push_back(std::move(event));
  }
  if (!in.failed() && !in.done()) {  // what most traces don't have
    trace->session_deleted = in.varint() != 0;
    for (uint64_t left = in.varint(); left > 0 && !in.failed(); --left)
      trace->deleted_columns.emplace(in.block());
    for (auto& event : trace->events) event.source = in.block();
  }
  if (in.failed() || !in.done()) return Error{ErrorKind::kCorrupt, "a trace does not decode"};
  return TraceFactPtr(std::move(trace));
}

void TraceBoard::put(TraceFactPtr trace) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto known = std::find_if(traces_.begin(), traces_.end(),
                                  [&](const auto& one) { return one.first->id == trace->id; });
  if (known != traces_.end()) {
    trace = left_of_both(*trace, *known->first);
    bytes_ -= known->second;
    traces_.erase(known);
  }
  const size_t size = size_of(*trace);
  bytes_ += size;
  traces_.emplace_back(std::move(trace), size);
  while (bytes_ > kTraceBytesMax && traces_.size() > 1) {
    bytes_ -= traces_.front().second;
    traces_.pop_front();
  }
}

std::vector<TraceFactPtr> TraceBoard::without(const Table& table, const Command& command) const {
  const bool of_events = table.name == "events";
  const auto is_of = [](const TraceFact& trace, const Mutation& mutation) {
    Bytes key;
    append_uuid(key, trace.id);
    return key == mutation.partition_key;
  };
  RowWrite everything;
  everything.action = RowAction::kDeletePartition;
  std::vector<TraceFactPtr> out;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [trace, size] : traces_) {
    std::vector<const RowWrite*> rows;
    if (command.truncate) rows.push_back(&everything);
    for (const Mutation& mutation : command.mutations) {
      if (!is_of(*trace, mutation)) continue;
      for (const RowWrite& row : mutation.rows) rows.push_back(&row);
    }
    if (rows.empty()) continue;
    auto less = std::make_shared<TraceFact>(*trace);
    for (const RowWrite* row : rows)
      of_events ? delete_events(table, *row, less->events) : delete_session(table, *row, *less);
    out.push_back(std::move(less));
  }
  return out;
}

std::vector<TraceFactPtr> TraceBoard::all(Timestamp now) const {
  std::vector<TraceFactPtr> out;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [trace, size] : traces_) {
      if (now - trace->started_at <= kTraceLife) out.push_back(trace);
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return out;
}

}  // namespace keyzone::actors
