#include "sim/checkers.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

namespace keyzone::sim {

namespace {

// All that is known of one value: `first_answer` f and `last_call` s of its write and its reads. f < s: the
// register surely held it from f to s (a forward zone); else it held it somewhere in [s, f] (a backward one).
struct Zone {
  Moment first_answer = kOpen;
  Moment last_call = 0;
  Moment write_call = kOpen;  // kOpen: never written
  bool was_read = false;
  bool was_acknowledged = false;
  int64_t value = 0;
  bool is_forward() const { return first_answer < last_call; }
};

std::string span(Moment from, Moment to) {
  return std::to_string(from) + ".." + (to == kOpen ? std::string("?") : std::to_string(to));
}

Finding find_conflict(std::vector<Zone> forward, const std::vector<Zone>& backward) {
  std::sort(forward.begin(), forward.end(),
            [](const Zone& a, const Zone& b) { return a.first_answer < b.first_answer; });
  for (size_t i = 0; i + 1 < forward.size(); ++i) {
    const auto &a = forward[i], &b = forward[i + 1];
    if (b.first_answer < a.last_call) {
      return "the values " + std::to_string(a.value) + " (at " + span(a.first_answer, a.last_call) +
             ") and " + std::to_string(b.value) + " (at " + span(b.first_answer, b.last_call) +
             ") were there at the same time";
    }
  }
  for (const auto& zone : backward) {
    // The last forward zone that begins before it.
    auto after = std::upper_bound(forward.begin(), forward.end(), zone.last_call,
                                  [](Moment m, const Zone& f) { return m < f.first_answer; });
    if (after == forward.begin()) continue;
    const auto& around = *std::prev(after);
    if (zone.first_answer < around.last_call) {
      return "the value " + std::to_string(zone.value) + " (at " + span(zone.last_call, zone.first_answer) +
             ") came and went while " + std::to_string(around.value) + " (at " +
             span(around.first_answer, around.last_call) + ") was there";
    }
  }
  return std::nullopt;
}

}  // namespace

std::string describe(const Operation& operation) {
  std::string text;
  switch (operation.kind) {
    case Operation::Kind::kRead:
      text = "read " + std::to_string(operation.value);
      break;
    case Operation::Kind::kWrite:
      text = "write " + std::to_string(operation.value);
      break;
    case Operation::Kind::kCompareAndSet:
      text = "set " + std::to_string(operation.value) + " where " + std::to_string(operation.expected) +
             (operation.is_open() ? ""
              : operation.applied ? ", applied"
                                  : ", not applied");
      break;
  }
  return text + " (at " + span(operation.call, operation.answer) + ")";
}

Finding check_unique_register(const History& history) {
  std::map<int64_t, Zone> zones;
  auto& before = zones[kNothing];  // written before everything
  before.write_call = 0;
  before.first_answer = 0;
  before.was_acknowledged = true;
  for (const auto& operation : history) {
    auto& zone = zones[operation.value];
    zone.value = operation.value;
    zone.last_call = std::max(zone.last_call, operation.call);
    zone.first_answer = std::min(zone.first_answer, operation.answer);
    if (operation.kind == Operation::Kind::kRead) {
      zone.was_read = true;
    } else {
      zone.write_call = operation.call;
      zone.was_acknowledged = !operation.is_open();
    }
  }
  std::vector<Zone> forward, backward;
  for (const auto& [value, zone] : zones) {
    if (zone.write_call == kOpen) return "the value " + std::to_string(value) + " was read and never written";
    if (zone.was_read && zone.first_answer < zone.write_call) {
      return "the value " + std::to_string(value) + " was read before it was written";
    }
    if (!zone.was_read && !zone.was_acknowledged) continue;  // may have had no effect
    (zone.is_forward() ? forward : backward).push_back(zone);
  }
  return find_conflict(std::move(forward), backward);
}

// --- the search

namespace {

struct Event {
  size_t operation = 0;
  bool is_call = false;
  Moment when = 0;
  int partner = -1;  // of a call: its return; -1: open
  int before = -1, after = -1;
};

class Search {
 public:
  Search(const History& history, uint64_t steps_max) : history_(history), steps_max_(steps_max) { link(); }

  // True: there is an order. *gave_up: not known.
  bool run(bool* gave_up) {
    int at = events_[0].after;
    while (answers_left_ > 0) {
      if (++steps_ > steps_max_) {
        *gave_up = true;
        return true;
      }
      if (at >= 0 && events_[static_cast<size_t>(at)].is_call) {
        at = try_call(at);
        continue;
      }
      // An answer whose operation has no place yet (or the end): undo the last choice, try the next.
      if (chosen_.empty()) return false;
      const auto [call, state] = chosen_.back();
      chosen_.pop_back();
      undo(call);
      state_ = state;
      at = events_[static_cast<size_t>(call)].after;
    }
    return true;
  }

 private:
  void link() {
    events_.emplace_back();  // the head
    std::vector<Event> all;
    for (size_t i = 0; i < history_.size(); ++i) {
      all.push_back({i, true, history_[i].call});
      if (history_[i].is_open()) continue;
      all.push_back({i, false, history_[i].answer});
      ++answers_left_;
    }
    std::sort(all.begin(), all.end(), [](const Event& a, const Event& b) { return a.when < b.when; });
    std::vector<int> calls(history_.size());
    for (auto& event : all) {
      const int place = static_cast<int>(events_.size());
      event.before = place - 1;
      events_.back().after = place;
      if (event.is_call) {
        calls[event.operation] = place;
      } else {
        events_[static_cast<size_t>(calls[event.operation])].partner = place;
      }
      events_.push_back(event);
    }
  }

  // Takes the operation into the order if it is legal there and leads to something new. Gives where to go on.
  int try_call(int place) {
    const auto& event = events_[static_cast<size_t>(place)];
    int64_t next = state_;
    if (!legal(history_[event.operation], &next)) return event.after;
    const uint64_t hash = hash_ ^ mark(event.operation);
    if (!seen_.insert(hash ^ static_cast<uint64_t>(next) * 0x9E3779B97F4A7C15ull).second) return event.after;
    chosen_.push_back({place, state_});
    state_ = next;
    hash_ = hash;
    lift(place);
    return events_[0].after;
  }

  bool legal(const Operation& operation, int64_t* state) const {
    switch (operation.kind) {
      case Operation::Kind::kRead:
        return operation.value == *state;
      case Operation::Kind::kWrite:
        *state = operation.value;
        return true;
      case Operation::Kind::kCompareAndSet:
        break;
    }
    const bool holds = operation.expected == *state;
    if (!operation.is_open() && holds != operation.applied) return false;
    if (holds) *state = operation.value;
    return true;
  }

  static uint64_t mark(size_t operation) { return mix(operation + 1); }
  static uint64_t mix(uint64_t z) {
    z *= 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

  void unlink(int place) {
    auto& event = events_[static_cast<size_t>(place)];
    events_[static_cast<size_t>(event.before)].after = event.after;
    if (event.after >= 0) events_[static_cast<size_t>(event.after)].before = event.before;
  }
  void relink(int place) {
    auto& event = events_[static_cast<size_t>(place)];
    events_[static_cast<size_t>(event.before)].after = place;
    if (event.after >= 0) events_[static_cast<size_t>(event.after)].before = place;
  }
  void lift(int place) {
    unlink(place);
    const int partner = events_[static_cast<size_t>(place)].partner;
    if (partner < 0) return;
    unlink(partner);
    --answers_left_;
  }
  void undo(int place) {
    const auto& event = events_[static_cast<size_t>(place)];
    if (event.partner >= 0) {
      relink(event.partner);
      ++answers_left_;
    }
    relink(place);
    hash_ ^= mark(event.operation);
  }

  const History& history_;
  const uint64_t steps_max_;
  std::vector<Event> events_;
  std::vector<std::pair<int, int64_t>> chosen_;  // calls in order, each with the state before it
  std::unordered_set<uint64_t> seen_;            // (set of operations, state)
  int64_t state_ = kNothing;
  uint64_t hash_ = 0;
  uint64_t steps_ = 0;
  size_t answers_left_ = 0;
};

}  // namespace

Finding check_register(const History& history, uint64_t steps_max, bool* gave_up) {
  if (Search(history, steps_max).run(gave_up)) return std::nullopt;
  // The shortest beginning that has no order ends with the operation that gives it away.
  std::vector<Moment> answers;
  for (const auto& operation : history) {
    if (!operation.is_open()) answers.push_back(operation.answer);
  }
  std::sort(answers.begin(), answers.end());
  size_t low = 0, high = answers.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    History cut;
    for (auto operation : history) {
      if (operation.call > answers[middle]) continue;
      if (operation.answer > answers[middle]) operation.answer = kOpen;
      if (operation.is_open() && operation.kind == Operation::Kind::kRead) continue;
      cut.push_back(operation);
    }
    bool unknown = false;
    if (Search(cut, steps_max).run(&unknown)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (const auto& operation : history) {
    if (operation.answer == answers[low])
      return "there is no order in which this makes sense: " + describe(operation);
  }
  return "there is no order in which the answers make sense";
}

Finding check_set(const SetHistory& history) {
  std::map<int64_t, const SetOperation*> inserted;
  std::vector<const SetOperation*> removals;
  for (const auto& operation : history) {
    if (operation.is_removal) {
      removals.push_back(&operation);
    } else if (!operation.is_read) {
      inserted[operation.element] = &operation;
    }
  }
  const auto removes = [](const SetOperation& removal, int64_t element) {
    return removal.element <= element && element <= removal.last;
  };
  for (const auto& read : history) {
    if (!read.is_read || read.answer == kOpen) continue;
    for (const auto element : read.elements) {
      auto it = inserted.find(element);
      if (it == inserted.end())
        return "the element " + std::to_string(element) + " was read and never inserted";
      if (read.answer < it->second->call) {
        return "the element " + std::to_string(element) + " was read before it was inserted";
      }
      for (const auto* removal : removals) {
        if (!removes(*removal, element) || removal->call < it->second->answer || read.call < removal->answer)
          continue;
        return "the element " + std::to_string(element) + ", removed at " +
               span(removal->call, removal->answer) + ", was read at " + span(read.call, read.answer);
      }
    }
    for (const auto& [element, insertion] : inserted) {
      if (insertion->answer > read.call || insertion->mortal) continue;
      if (std::binary_search(read.elements.begin(), read.elements.end(), element)) continue;
      const bool removed =
          std::any_of(removals.begin(), removals.end(), [&, e = element](const auto* removal) {
            return removes(*removal, e) && removal->call < read.answer;
          });
      if (removed) continue;
      return "the element " + std::to_string(element) + ", acknowledged at " +
             std::to_string(insertion->answer) + ", is missing in the read at " +
             span(read.call, read.answer);
    }
  }
  return std::nullopt;
}

Finding check_counter(const CounterHistory& history) {
  for (const auto& read : history) {
    if (!read.is_read || read.answer == kOpen) continue;
    int64_t least = 0, most = 0;
    for (const auto& addition : history) {
      if (addition.is_read) continue;
      least += addition.answer < read.call;
      most += addition.call < read.answer;
    }
    if (read.value >= least && read.value <= most) continue;
    return "the counter was " + std::to_string(read.value) + " at " + span(read.call, read.answer) +
           ", not between " + std::to_string(least) + " and " + std::to_string(most);
  }
  return std::nullopt;
}

}  // namespace keyzone::sim
