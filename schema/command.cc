#include "schema/command.h"

#include <algorithm>
#include <memory>

#include "schema/command.capnp.h"
#include "schema/envelope.h"

namespace keyzone {
namespace {

using namespace envelope;

constexpr uint8_t kMutationStamped = 1, kMutationTtl = 2, kMutationNow = 4;
constexpr uint8_t kRowMarker = 0x40, kRowStatic = 0x80, kRowActionMask = 0x3f;
constexpr uint8_t kCellWritten = 0x10, kCellOverwrite = 0x20, kCellPath = 0x40, kCellValue = 0x80;
constexpr uint8_t kCellActionMask = 0x0f;
constexpr uint8_t kConditionStatic = 1, kConditionNow = 2;  // of a row
constexpr uint8_t kConditionElement = 1, kConditionField = 2;
constexpr size_t kCommandWords = 1 + 7 + 5;  // root pointer, data, pointers
constexpr size_t kSweepWords = 2 + 1;
constexpr size_t kBatchMarkWords = 2;
constexpr size_t kOutcomeWords = 1 + 2 + 3;

void append_cell(Bytes& out, const CellWrite& cell) {
  append_varint(out, cell.column.value);
  out.push_back(static_cast<char>(static_cast<uint8_t>(cell.action) | (cell.overwrite ? kCellOverwrite : 0) |
                                  (cell.path.empty() ? 0 : kCellPath) |
                                  (cell.value.empty() ? 0 : kCellValue) |
                                  (cell.written.empty() ? 0 : kCellWritten)));
  if (has_index(cell.action)) append_zigzag(out, cell.index);
  if (!cell.path.empty()) append_block(out, cell.path);
  if (!cell.value.empty()) append_block(out, cell.value);
  if (!cell.written.empty()) append_block(out, cell.written);
}

void append_row(Bytes& out, const RowWrite& row) {
  out.push_back(static_cast<char>(static_cast<uint8_t>(row.action) | (row.marker ? kRowMarker : 0) |
                                  (row.is_static ? kRowStatic : 0)));
  if (!row.is_static && row.action != RowAction::kDeletePartition) append_block(out, row.clustering);
  if (row.action == RowAction::kDeleteRange) append_block(out, row.clustering_end);
  append_varint(out, row.cells.size());
  for (const CellWrite& cell : row.cells) append_cell(out, cell);
}

void append_mutation(Bytes& out, const Mutation& mutation) {
  append_le(out, mutation.token.value);
  append_block(out, mutation.partition_key);
  const bool stamped = mutation.timestamp != kNoTimestamp;
  out.push_back(static_cast<char>((stamped ? kMutationStamped : 0) | (mutation.ttl ? kMutationTtl : 0) |
                                  (mutation.now ? kMutationNow : 0)));
  if (stamped) append_le(out, mutation.timestamp);
  if (mutation.ttl) append_varint(out, static_cast<uint32_t>(mutation.ttl));
  if (mutation.now) append_zigzag(out, *mutation.now);
  append_varint(out, mutation.rows.size());
  for (const RowWrite& row : mutation.rows) append_row(out, row);
}

void append_operand(Bytes& out, const std::optional<Bytes>& operand) {
  append_varint(out, operand ? operand->size() + 1 : 0);
  if (operand) out.append(*operand);
}

void append_condition(Bytes& out, const Condition& condition) {
  out.push_back(static_cast<char>(condition.op));
  append_varint(out, condition.column.value);
  out.push_back(static_cast<char>((condition.element ? kConditionElement : 0) |
                                  (condition.field ? kConditionField : 0)));
  if (condition.element) append_block(out, *condition.element);
  if (condition.field) append_varint(out, *condition.field);
  append_varint(out, condition.operands.size());
  for (const auto& operand : condition.operands) append_operand(out, operand);
}

void append_row_condition(Bytes& out, const RowCondition& row) {
  out.push_back(static_cast<char>((row.is_static ? kConditionStatic : 0) | (row.now ? kConditionNow : 0)));
  append_block(out, row.partition_key);
  append_block(out, row.clustering);
  if (row.now) append_zigzag(out, *row.now);
  append_varint(out, row.conditions.size());
  for (const Condition& condition : row.conditions) append_condition(out, condition);
}

template <class Enum>
Enum read_enum(ByteReader& in, uint8_t value, Enum last) {
  if (value > static_cast<uint8_t>(last)) in.fail();
  return static_cast<Enum>(value);
}

void read_cell(ByteReader& in, CellWrite& cell) {
  cell.column = ColumnId(static_cast<uint32_t>(in.varint()));
  const uint8_t head = in.byte();
  cell.action = read_enum(in, head & kCellActionMask, CellAction::kListTouchIndex);
  cell.overwrite = head & kCellOverwrite;
  cell.index = has_index(cell.action) ? static_cast<int32_t>(in.zigzag()) : 0;
  const auto block_if = [&](uint8_t flag) { return head & flag ? in.block() : BytesView(); };
  cell.path = block_if(kCellPath);
  cell.value = block_if(kCellValue);
  cell.written = block_if(kCellWritten);
}

void read_row(ByteReader& in, RowWrite& row) {
  const uint8_t head = in.byte();
  row.action = read_enum(in, head & kRowActionMask, RowAction::kDeletePartition);
  row.marker = head & kRowMarker;
  row.is_static = head & kRowStatic;
  const bool has_clustering = !row.is_static && row.action != RowAction::kDeletePartition;
  row.clustering = has_clustering ? in.block() : BytesView();
  row.clustering_end = row.action == RowAction::kDeleteRange ? in.block() : BytesView();
  row.cells.resize(read_count(in));
  for (CellWrite& cell : row.cells) read_cell(in, cell);
}

void read_mutation(ByteReader& in, Mutation& mutation) {
  mutation.token = Token(in.le<int64_t>());
  mutation.partition_key = in.block();
  const uint8_t flags = in.byte();
  mutation.timestamp = flags & kMutationStamped ? in.le<int64_t>() : kNoTimestamp;
  mutation.ttl = flags & kMutationTtl ? static_cast<int32_t>(in.varint()) : 0;
  mutation.now.reset();
  if (flags & kMutationNow) mutation.now = static_cast<int32_t>(in.zigzag());
  mutation.rows.resize(read_count(in));
  for (RowWrite& row : mutation.rows) read_row(in, row);
}

std::optional<Bytes> read_operand(ByteReader& in) {
  const uint64_t size = in.varint();
  if (size == 0) return std::nullopt;
  if (size - 1 > in.left()) in.fail();
  return Bytes(in.bytes(in.failed() ? 0 : static_cast<size_t>(size - 1)));
}

void read_condition(ByteReader& in, Condition& condition) {
  condition.op = read_enum(in, in.byte(), ConditionOperator::kContainsKey);
  condition.column = ColumnId(static_cast<uint32_t>(in.varint()));
  const uint8_t flags = in.byte();
  if (flags & kConditionElement) condition.element = Bytes(in.block());
  if (flags & kConditionField) condition.field = static_cast<uint16_t>(in.varint());
  const size_t count = read_count(in);
  for (size_t i = 0; i < count && !in.failed(); ++i) condition.operands.push_back(read_operand(in));
}

void read_row_condition(ByteReader& in, RowCondition& row) {
  const uint8_t flags = in.byte();
  row.is_static = flags & kConditionStatic;
  row.partition_key = in.block();
  row.clustering = in.block();
  if (flags & kConditionNow) row.now = static_cast<int32_t>(in.zigzag());
  row.conditions.resize(read_count(in));
  for (Condition& condition : row.conditions) read_condition(in, condition);
}

Result<void> read_command(wire::Command::Reader in, Command& out) {
  out.request = {in.getRequestIncarnation(), in.getRequestSequence()};
  out.deadline = in.getDeadline();
  out.table = uuid(in.getTableHigh(), in.getTableLow());
  out.schema_version = in.getSchemaVersion();
  out.epoch = Epoch(in.getEpoch());
  out.truncate = in.getTruncate();
  ByteReader mutations(view_of(in.getMutations()));
  size_t count = 0;
  for (; !mutations.done(); ++count) {
    const bool is_there = count < out.mutations.size();
    read_mutation(mutations, is_there ? out.mutations[count] : out.mutations.emplace_back());
  }
  out.mutations.resize(count);
  out.conditions.clear();
  ByteReader conditions(view_of(in.getConditions()));
  while (!conditions.done()) read_row_condition(conditions, out.conditions.emplace_back());
  out.condition_columns.clear();
  ByteReader columns(view_of(in.getConditionColumns()));
  while (!columns.done()) out.condition_columns.emplace_back(static_cast<uint32_t>(columns.varint()));
  if (mutations.failed() || conditions.failed() || columns.failed()) {
    return Error{ErrorKind::kCorrupt, "command: a run ends early"};
  }
  out.sweep.reset();
  if (in.hasSweep()) {
    const auto sweep = in.getSweep();
    out.sweep = Sweep{sweep.getNow(), sweep.getGcGrace(), bytes_of(sweep.getFrom()), sweep.getKeysMax()};
  }
  out.batch.reset();
  if (in.hasBatch()) out.batch = BatchMark{in.getBatch().getStamp(), in.getBatch().getNonce()};
  return {};
}

Result<Outcome> outcome_of(wire::Outcome::Reader in) {
  if (in.getKind() > static_cast<uint8_t>(OutcomeKind::kNoSpace)) {
    return Error{ErrorKind::kCorrupt, "outcome: unknown kind " + std::to_string(in.getKind())};
  }
  Outcome out;
  out.kind = static_cast<OutcomeKind>(in.getKind());
  out.message = in.getMessage().cStr();
  out.current.rows = bytes_of(in.getRows());
  out.current.row_count = in.getRowCount();
  out.resume = bytes_of(in.getResume());
  return out;
}

}  // namespace

std::string_view to_string(ConditionOperator op) {
  switch (op) {
    case ConditionOperator::kExists:
      return "EXISTS";
    case ConditionOperator::kNotExists:
      return "NOT EXISTS";
    case ConditionOperator::kEqual:
      return "=";
    case ConditionOperator::kNotEqual:
      return "!=";
    case ConditionOperator::kLess:
      return "<";
    case ConditionOperator::kLessOrEqual:
      return "<=";
    case ConditionOperator::kGreater:
      return ">";
    case ConditionOperator::kGreaterOrEqual:
      return ">=";
    case ConditionOperator::kIn:
      return "IN";
    case ConditionOperator::kContains:
      return "CONTAINS";
    case ConditionOperator::kContainsKey:
      return "CONTAINS KEY";
  }
  return "?";
}

bool has_index(CellAction action) {
  return action == CellAction::kListSetIndex || action == CellAction::kListDeleteIndex ||
         action == CellAction::kListClearIndex || action == CellAction::kListTouchIndex;
}

bool looks_back(CellAction action) {
  return has_index(action) || action == CellAction::kListDiscard || action == CellAction::kAddValue;
}

bool looks_back(const RowWrite& write) {
  return std::any_of(write.cells.begin(), write.cells.end(),
                     [](const CellWrite& cell) { return looks_back(cell.action); });
}

bool looks_back(const Command& command) {
  return std::any_of(command.mutations.begin(), command.mutations.end(), [](const Mutation& mutation) {
    return std::any_of(mutation.rows.begin(), mutation.rows.end(),
                       [](const RowWrite& write) { return looks_back(write); });
  });
}

Bytes encode_command(const Command& command) {
  Bytes mutations, conditions, columns;
  size_t hint = 0;
  for (const Mutation& m : command.mutations) {
    hint += m.partition_key.size() + 32;
    for (const RowWrite& r : m.rows) {
      hint += r.clustering.size() + r.clustering_end.size() + 8;
      for (const CellWrite& c : r.cells) hint += c.path.size() + c.value.size() + c.written.size() + 12;
    }
  }
  mutations.reserve(hint);
  for (const Mutation& mutation : command.mutations) append_mutation(mutations, mutation);
  for (const RowCondition& row : command.conditions) append_row_condition(conditions, row);
  for (const ColumnId& column : command.condition_columns) append_varint(columns, column.value);

  size_t words =
      kCommandWords + words_for(mutations.size()) + words_for(conditions.size()) + words_for(columns.size());
  if (command.sweep) words += kSweepWords + words_for(command.sweep->from.size());
  if (command.batch) words += kBatchMarkWords;
  return pack<wire::Command>(words, [&](wire::Command::Builder out) {
    out.setRequestIncarnation(command.request.incarnation);
    out.setRequestSequence(command.request.sequence);
    out.setDeadline(command.deadline);
    const auto [high, low] = halves(command.table);
    out.setTableHigh(high);
    out.setTableLow(low);
    out.setEpoch(command.epoch.value);
    out.setSchemaVersion(command.schema_version);
    out.setTruncate(command.truncate);
    if (!mutations.empty()) out.setMutations(data_of(mutations));
    if (!conditions.empty()) out.setConditions(data_of(conditions));
    if (!columns.empty()) out.setConditionColumns(data_of(columns));
    if (command.batch) {
      auto batch = out.initBatch();
      batch.setStamp(command.batch->stamp);
      batch.setNonce(command.batch->nonce);
    }
    if (!command.sweep) return;
    auto sweep = out.initSweep();
    sweep.setNow(command.sweep->now);
    sweep.setGcGrace(command.sweep->gc_grace);
    sweep.setKeysMax(command.sweep->keys_max);
    if (!command.sweep->from.empty()) sweep.setFrom(data_of(command.sweep->from));
  });
}

Result<Command> decode_command(BytesView in) {
  Command out;
  KEYZONE_CHECK(decode_command(in, out));
  return out;
}

Result<void> decode_command(BytesView in, Command& into) {
  return unpack<void, wire::Command>(
      in, "command", [&](wire::Command::Reader reader) { return read_command(reader, into); });
}

Bytes encode_outcome(const Outcome& outcome) {
  const size_t words = kOutcomeWords + words_for(outcome.message.size() + 1) +
                       words_for(outcome.current.rows.size()) + words_for(outcome.resume.size());
  return pack<wire::Outcome>(words, [&](wire::Outcome::Builder out) {
    out.setKind(static_cast<uint8_t>(outcome.kind));
    out.setRowCount(outcome.current.row_count);
    if (!outcome.message.empty())
      out.setMessage(kj::StringPtr(outcome.message.c_str(), outcome.message.size()));
    if (!outcome.current.rows.empty()) out.setRows(data_of(outcome.current.rows));
    if (!outcome.resume.empty()) out.setResume(data_of(outcome.resume));
  });
}

Result<Outcome> decode_outcome(BytesView in) {
  return unpack<Outcome, wire::Outcome>(in, "outcome", outcome_of);
}

}  // namespace keyzone
