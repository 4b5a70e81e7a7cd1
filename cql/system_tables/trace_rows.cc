// system_traces: what coordinators did for requests whose clients asked for a trace.
#include "cql/system_tables/row_builder.h"
#include "schema/time_units.h"

namespace keyzone::cql {

std::vector<SystemRow> trace_sessions_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  RowBuilder rows(table);
  for (const TraceFactPtr& trace : facts.traces) {
    if (trace->session_deleted) continue;
    rows.add()
        .uuid("session_id", trace->id)
        .inet("client", trace->client)
        .text("command", "QUERY")
        .inet("coordinator", trace->coordinator)
        .integer("coordinator_port", trace->coordinator_port)
        .integer("duration", trace->duration_us)
        .map("parameters", trace->parameters)
        .text("request", trace->request)
        .bigint("started_at", trace->started_at / kMicrosPerMilli);
    for (const std::string& column : trace->deleted_columns) rows.clear(column);
  }
  return rows.take();
}

std::vector<SystemRow> trace_events_rows(const Table& table, const Catalog&, const NodeFacts& facts) {
  RowBuilder rows(table);
  for (const TraceFactPtr& trace : facts.traces) {
    for (const TraceEvent& event : trace->events) {
      rows.add()
          .uuid("session_id", trace->id)
          .uuid("event_id", event.id)
          .text("activity", event.activity)
          .inet("source", event.source.empty() ? trace->coordinator : event.source)
          .integer("source_elapsed", event.elapsed_us)
          .integer("source_port", trace->coordinator_port)
          .text("thread", trace->thread);
    }
  }
  return rows.take();
}

}  // namespace keyzone::cql
