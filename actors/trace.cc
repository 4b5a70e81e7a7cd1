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
  if (in.failed() || !in.done()) return Error{ErrorKind::kCorrupt, "a trace does not decode"};
  return TraceFactPtr(std::move(trace));
}

void TraceBoard::put(TraceFactPtr trace) {
  const size_t size = size_of(*trace);
  std::lock_guard<std::mutex> lock(mutex_);
  bytes_ += size;
  traces_.emplace_back(std::move(trace), size);
  while (bytes_ > kTraceBytesMax && traces_.size() > 1) {
    bytes_ -= traces_.front().second;
    traces_.pop_front();
  }
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
