// One SELECT under way: which tablets to ask next, and what their answers add to the page.
#pragma once
#include <boost/container/small_vector.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/execute/api.h"
#include "cql/select/row_collector.h"
#include "cql/select/row_reader.h"

namespace keyzone::cql {

// Reads of partitions that are under way at once (IN), and of tablets (scans that don't stop at a page).
inline constexpr size_t kPartitionsAtOnce = 32;
inline constexpr size_t kTabletsAtOnce = 4;

class ReadCursor {
 public:
  static Result<std::unique_ptr<ReadCursor>> open(const SelectPlanPtr& plan, const ExecuteOptions& options,
                                                  const Catalog& catalog);

  std::optional<TabletRead> next();
  Result<void> feed(size_t index, ReadResult result);
  bool done() const { return done_; }
  // At once: not a page at a time.
  bool several_partitions() const { return sources_.size() > 1 && !sources_[0].scan && at_once_; }
  Result<ResultSet> take();
  const std::vector<std::string>& warnings() const { return warnings_; }
  // That tablets have looked at so far; of several partitions those of the one that has most.
  uint64_t tombstones() const { return tombstones_; }
  std::vector<CountedRead> reads_beyond(uint64_t tombstones) const;

  // Instead of next() and feed(), for system tables.
  Result<ResultSet> run(std::span<const LocalRow> rows);

 private:
  static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
  // A partition, or a tablet's part of a scan: its answers come one after another.
  struct Source {
    Token token;
    Bytes key;
    Token begin, end;
    bool scan = false;
    bool asked = false;      // a read is under way
    bool exhausted = false;  // no answer will follow the one that is here
    Boxed<ReadPosition> resume;
    Boxed<ReadResult> answer;           // whose turn has not come
    uint64_t tombstones = 0, rows = 0;  // so far
  };
  // What rows are looked at with.
  struct Evaluation {
    std::vector<Bytes> owned;  // values of markers that are looked at after open()
    std::vector<Value> values;
    EvalContext bound;  // what filters point into
    EvalContext rows;   // cleared after each
    std::vector<BoundFilter> filters;
  };
  // Where pages end and groups begin.
  struct Places {
    ReadPosition last;                // of the last row taken into the answer or a closed group
    ReadPosition last_folded;         // of the last row folded into the open group
    std::optional<Token> last_token;  // of the last partition of a scan's answer
    // Of the partitions of a system table that are asked for, if they are named.
    std::optional<Bytes> last_local_key;
  };

  ReadCursor(SelectPlanPtr plan, const ExecuteOptions& options);
  Result<void> bind(const ExecuteOptions& options, const Catalog& catalog);
  bool looks_back() const;
  void keep_values(const ExecuteOptions& options);
  Result<void> bind_limits(const ExecuteOptions& options);
  Result<void> check_selection();
  Result<void> bind_filters();
  Result<void> check_sorts_all(const ExecuteOptions& options) const;
  Result<void> bind_sources(const ExecuteOptions& options, const Catalog& catalog);
  Result<bool> bind_ranges();  // false: there are none
  Result<void> check_guardrails(const ExecuteOptions& options);
  Result<void> check_in(const Guardrails& guardrails);
  void add_scans(Token begin, Token end, const Catalog& catalog);
  void resume_from(const ReadPosition& position);
  Result<void> resume_local(const ExecuteOptions& options);
  void note_last_local_key();
  void warn_of_old_names();
  uint64_t rows_per_read() const;
  TabletRead read_of(Source& source, size_t index);
  // The read that took what all have in common took the key, too.
  const Bytes& key_of(const Source& source) const { return base_taken_ ? base_->partition_key : source.key; }

  void count(Source& source, const ReadResult& result);
  // `rows_before`: of the page, in the partitions before.
  std::string text_of(const Source& source, uint64_t rows_before) const;
  std::string limits_text(uint64_t rows_before) const;
  Result<void> drain();
  Result<void> take_answer(Source& source, const ReadResult& answer);
  Result<void> consume(const ReadResult& answer);
  bool wants(const RowReader& reader, RowReader::Item item);
  bool passes(const RowValues& row) const;
  Result<void> take_row(const RowReader& reader, RowReader::Item item);
  Result<void> take_grouped(const RowReader& reader, RowReader::Item item);
  Result<void> close_group();
  // `key` must live until the next call, or until keep_partition() has copied it.
  void enter_partition(BytesView key);
  void keep_partition();
  void leave_answer(Source& source);
  ReadPosition local_position(const LocalRow& row, size_t number) const;
  size_t local_start(std::span<const LocalRow> rows);
  void read_local(const LocalRow& local, RowValues& row) const;
  Result<void> fold_local(const RowValues& row, ReadPosition at);
  ReadPosition position(const RowReader& reader, RowReader::Item item) const;
  void count_row();
  Result<void> finish_rows();
  bool promises_more() const;
  bool ends_its_partition() const;  // the last row taken, for what is asked

  SelectPlanPtr plan_;
  std::unique_ptr<Evaluation> evaluation_;  // null after open(): rows are given as tablets give them
  RowCollector rows_;
  bool statics_alone_ = false;  // partitions are named, but IN names no row of them
  std::vector<std::string> warnings_;
  uint64_t tombstones_ = 0;
  uint64_t rows_max_ = kUnlimited;  // of the page
  uint64_t page_max_ = kUnlimited;  // of it as it was asked for, whatever LIMIT says
  // What all reads have in common; where there is one source its first read takes it, and those that follow
  // are made of it.
  std::shared_ptr<ReadRequest> base_;

  boost::container::small_vector<Source, 1> sources_;
  size_t front_ = 0;  // the source whose rows come next
  size_t window_ = 1;

  uint64_t limit_left_ = kUnlimited;
  uint64_t page_left_ = kUnlimited;
  uint64_t per_partition_ = 0;
  size_t page_bytes_ = 0;
  bool paged_ = false;
  bool at_once_ = true;
  bool resumed_ = false;  // a system table's rows go on behind the last place
  bool base_taken_ = false;

  // The partition in hand: rows (or groups) taken of it, and whether any row of it was seen. Its key is the
  // answer's, or once that is gone, kept here.
  BytesView partition_;
  Boxed<Bytes> kept_partition_;
  bool in_partition_ = false;
  uint64_t taken_in_partition_ = 0;
  bool partition_had_rows_ = false;
  Boxed<Places> places_;
  bool full_ = false;  // the page is
  bool done_ = false;
};

}  // namespace keyzone::cql
