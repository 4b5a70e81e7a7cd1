#include "schema/read.h"

#include <memory>

#include "schema/envelope.h"
#include "schema/read.capnp.h"

namespace keyzone {
namespace {

using namespace envelope;

constexpr size_t kRequestWords = 1 + 10 + 4;  // root pointer, data, pointers
constexpr size_t kPositionWords = 1 + 3 + 2;
constexpr size_t kResultWords = 1 + 2 + 2;

size_t words_of(const ReadPosition& position) {
  return kPositionWords + words_for(position.partition_key.size()) + words_for(position.clustering.size());
}

void fill_position(wire::ReadPosition::Builder out, const ReadPosition& position) {
  out.setToken(position.token.value);
  out.setRowsInPartition(position.rows_in_partition);
  out.setPartitionDone(position.partition_done);
  out.setStaticDone(position.static_done);
  if (!position.partition_key.empty()) out.setPartitionKey(data_of(position.partition_key));
  if (!position.clustering.empty()) out.setClustering(data_of(position.clustering));
}

ReadPosition position_of(wire::ReadPosition::Reader in) {
  ReadPosition out;
  out.token = Token(in.getToken());
  out.partition_key = bytes_of(in.getPartitionKey());
  out.partition_done = in.getPartitionDone();
  out.static_done = in.getStaticDone();
  out.clustering = bytes_of(in.getClustering());
  out.rows_in_partition = in.getRowsInPartition();
  return out;
}

Bytes selection_of(const ReadRequest& request) {
  Bytes out;
  append_varint(out, request.scan ? 0 : 1);
  if (!request.scan) {
    append_le(out, request.token.value);
    append_block(out, request.partition_key);
  }
  append_varint(out, request.ranges.size());
  for (const KeyRange& range : request.ranges) {
    append_block(out, range.from);
    append_block(out, range.to);
  }
  append_varint(out, request.columns.size());
  for (const ColumnId& column : request.columns) append_varint(out, column.value);
  append_varint(out, request.with_metadata.size());
  for (const ColumnId& column : request.with_metadata) append_varint(out, column.value);
  return out;
}

Bytes elements_of(const ReadRequest& request) {
  Bytes out;
  append_varint(out, request.elements.size());
  for (const ElementRange& range : request.elements) {
    append_varint(out, range.column.value);
    append_block(out, range.from);
    append_block(out, range.to);
  }
  return out;
}

bool read_elements(BytesView run, ReadRequest& request) {
  ByteReader in(run);
  request.elements.resize(read_count(in));
  for (ElementRange& range : request.elements) {
    range.column = ColumnId(static_cast<uint32_t>(in.varint()));
    range.from = in.block();
    range.to = in.block();
  }
  return !in.failed();
}

ColumnIds read_columns(ByteReader& in) {
  std::vector<ColumnId> out(read_count(in));
  for (ColumnId& column : out) column = ColumnId(static_cast<uint32_t>(in.varint()));
  return out;
}

bool read_selection(BytesView run, ReadRequest& request) {
  ByteReader in(run);
  if (read_count(in) != (request.scan ? 0 : 1)) return false;
  if (!request.scan) {
    request.token = Token(in.le<int64_t>());
    request.partition_key = in.block();
  }
  request.ranges.resize(read_count(in));
  for (KeyRange& range : request.ranges) {
    range.from = in.block();
    range.to = in.block();
  }
  request.columns = read_columns(in);
  request.with_metadata = read_columns(in);
  return !in.failed();
}

Result<ReadRequest> request_of(wire::ReadRequest::Reader in) {
  ReadRequest out;
  out.table = uuid(in.getTableHigh(), in.getTableLow());
  out.schema_version = in.getSchemaVersion();
  out.epoch = Epoch(in.getEpoch());
  out.scan = in.getScan();
  out.begin = Token(in.getBegin());
  out.end = Token(in.getEnd());
  out.reversed = in.getReversed();
  out.statics_only = in.getStaticsOnly();
  out.row_limit = in.getRowLimit();
  out.per_partition_limit = in.getPerPartitionLimit();
  out.bytes_limit = in.getBytesLimit();
  out.now = in.getNow();
  if (in.hasResume()) out.resume = position_of(in.getResume());
  out.look_up = bytes_of(in.getLookUp());
  if (!read_selection(view_of(in.getSelection()), out))
    return Error{ErrorKind::kCorrupt, "read: the selection doesn't decode"};
  if (in.hasElements() && !read_elements(view_of(in.getElements()), out))
    return Error{ErrorKind::kCorrupt, "read: the elements end early"};
  return out;
}

Result<ReadResult> result_of(wire::ReadResult::Reader in) {
  ReadResult out;
  out.rows = bytes_of(in.getRows());
  out.row_count = in.getRowCount();
  out.tombstones = in.getTombstones();
  if (in.hasMore()) out.more = position_of(in.getMore());
  return out;
}

}  // namespace

Bytes encode_read(const ReadRequest& request) {
  const Bytes selection = selection_of(request);
  const Bytes elements = request.elements.empty() ? Bytes() : elements_of(request);
  const size_t words = kRequestWords + words_for(selection.size()) + words_for(request.look_up.size()) +
                       words_for(elements.size()) + (request.resume ? words_of(*request.resume) : 0);
  return pack<wire::ReadRequest>(words, [&](wire::ReadRequest::Builder out) {
    const auto [high, low] = halves(request.table);
    out.setTableHigh(high);
    out.setTableLow(low);
    out.setSchemaVersion(request.schema_version);
    out.setEpoch(request.epoch.value);
    out.setScan(request.scan);
    out.setBegin(request.begin.value);
    out.setEnd(request.end.value);
    out.setReversed(request.reversed);
    out.setStaticsOnly(request.statics_only);
    out.setRowLimit(request.row_limit);
    out.setPerPartitionLimit(request.per_partition_limit);
    out.setBytesLimit(request.bytes_limit);
    out.setNow(request.now);
    out.setSelection(data_of(selection));
    if (!request.look_up.empty()) out.setLookUp(data_of(request.look_up));
    if (!elements.empty()) out.setElements(data_of(elements));
    if (request.resume) fill_position(out.initResume(), *request.resume);
  });
}

Result<ReadRequest> decode_read(BytesView in) {
  return unpack<ReadRequest, wire::ReadRequest>(in, "read", request_of);
}

Bytes encode_read_result(const ReadResult& result) {
  const size_t words =
      kResultWords + words_for(result.rows.size()) + (result.more ? words_of(*result.more) : 0);
  return pack<wire::ReadResult>(words, [&](wire::ReadResult::Builder out) {
    out.setRowCount(result.row_count);
    out.setTombstones(result.tombstones);
    if (!result.rows.empty()) out.setRows(data_of(result.rows));
    if (result.more) fill_position(out.initMore(), *result.more);
  });
}

Result<ReadResult> decode_read_result(BytesView in) {
  return unpack<ReadResult, wire::ReadResult>(in, "read result", result_of);
}

Bytes encode_position(const ReadPosition& position) {
  return pack<wire::ReadPosition>(words_of(position),
                                  [&](wire::ReadPosition::Builder out) { fill_position(out, position); });
}

Result<ReadPosition> decode_position(BytesView in) {
  return unpack<ReadPosition, wire::ReadPosition>(
      in, "read position",
      [](wire::ReadPosition::Reader r) -> Result<ReadPosition> { return position_of(r); });
}

}  // namespace keyzone
