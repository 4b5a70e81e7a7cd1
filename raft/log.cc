#include "raft/log.h"

#include <algorithm>

namespace keyzone::raft {

Log::Log(LogReader& reader, LogIndex start, Term start_term, LogIndex last)
    : reader_(reader), start_(start), start_term_(start_term), persisted_(last), cache_first_(last.next()) {
  KEYZONE_ASSERT(start <= last);
}

Term Log::last_term() const {
  const std::optional<Term> term = term_at(last_index());
  KEYZONE_ASSERT(term.has_value());
  return *term;
}

std::optional<Term> Log::term_at(LogIndex index) const {
  if (index == start_) return start_term_;
  if (index < start_ || index > last_index()) return std::nullopt;
  if (index >= cache_first_) return cache_[index.value - cache_first_.value].term;
  return reader_.term_at(index);
}

bool Log::is_up_to_date(LogIndex last, Term last_term) const {
  const Term own = this->last_term();
  return last_term > own || (last_term == own && last >= last_index());
}

LogIndex Log::agreement(LogIndex index, Term term) const {
  index = std::min(index, last_index());
  while (index > start_) {
    const std::optional<Term> own = term_at(index);
    if (!own || *own <= term) break;
    index.value -= 1;
  }
  return index;
}

Result<std::vector<Entry>> Log::entries(LogIndex first, LogIndex last, size_t bytes_max) const {
  KEYZONE_ASSERT(start_ < first && first <= last && last <= last_index());
  std::vector<Entry> out;
  size_t bytes = 0;
  if (first < cache_first_) {
    const LogIndex stored_last = std::min(last, LogIndex(cache_first_.value - 1));
    KEYZONE_TRY(stored, reader_.entries(first, stored_last, bytes_max));
    if (stored.empty())
      return Error{ErrorKind::kCorrupt, "the log gave no entry at " + std::to_string(first.value)};
    out = std::move(stored);
    for (const Entry& entry : out) bytes += entry.size();
    first = out.back().index.next();
    if (first < cache_first_) return out;
  }
  for (; first <= last; first = first.next()) {
    const Entry& entry = cache_[first.value - cache_first_.value];
    bytes += entry.size();
    if (bytes > bytes_max && !out.empty()) break;
    out.push_back(entry);
  }
  return out;
}

void Log::append(Entry entry) {
  KEYZONE_ASSERT(entry.index == last_index().next());
  cache_bytes_ += entry.size();
  cache_.push_back(std::move(entry));
}

void Log::truncate(LogIndex from) {
  KEYZONE_ASSERT(start_ < from);
  while (!cache_.empty() && cache_.back().index >= from) {
    cache_bytes_ -= cache_.back().size();
    cache_.pop_back();
  }
  if (from < cache_first_) cache_first_ = from;
  persisted_ = std::min(persisted_, LogIndex(from.value - 1));
}

void Log::reset(LogIndex start, Term start_term) {
  start_ = persisted_ = start;
  start_term_ = start_term;
  cache_first_ = start.next();
  cache_.clear();
  cache_bytes_ = 0;
}

void Log::compact(LogIndex start, Term start_term) {
  KEYZONE_ASSERT(start_ <= start && start <= persisted_);
  start_ = start;
  start_term_ = start_term;
  shrink(start, 0);
}

void Log::set_persisted(LogIndex index) {
  KEYZONE_ASSERT(index <= last_index());
  persisted_ = std::max(persisted_, index);
}

void Log::shrink(LogIndex until, size_t bytes_max) {
  while (!cache_.empty() && cache_bytes_ > bytes_max && cache_.front().index <= until) {
    cache_bytes_ -= cache_.front().size();
    cache_.pop_front();
    cache_first_ = cache_first_.next();
  }
}

}  // namespace keyzone::raft
