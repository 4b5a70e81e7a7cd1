"""What has to hold for a history: each check gives the list of what does not, empty if all is well."""
from collections import Counter, defaultdict

from history import OK, REFUSED, UNKNOWN

CONFIGURATIONS_MAX = 200_000


def check_inserts(operations, present):
    """`present`: the keys found afterwards."""
    problems = []
    inserts = [one for one in operations if one.kind == "insert"]
    lost = [one.key for one in inserts if one.outcome == OK and one.key not in present]
    risen = [one.key for one in inserts if one.outcome == REFUSED and one.key in present]
    strange = present - {one.key for one in inserts}
    if lost:
        problems.append(f"{len(lost)} acknowledged inserts are lost, such as {lost[:5]}")
    if risen:
        problems.append(f"{len(risen)} inserts that were refused are there, such as {risen[:5]}")
    if strange:
        problems.append(f"{len(strange)} rows are there that nobody wrote, such as {sorted(strange)[:5]}")
    return problems


def check_batches(operations, parts):
    """`parts`: how many rows of each batch are there; a whole batch has three."""
    problems = []
    for one in operations:
        if one.kind != "batch":
            continue
        found = parts.get(one.key, 0)
        if one.outcome == OK and found != 3:
            problems.append(f"of the acknowledged batch {one.key}, {found} of 3 rows are there")
        elif one.outcome == REFUSED and found != 0:
            problems.append(f"of the refused batch {one.key}, {found} of 3 rows are there")
        elif found not in (0, 3):
            problems.append(f"of the unanswered batch {one.key}, {found} of 3 rows are there")
    return problems


def check_sums(operations, kind, totals):
    """Each total lies between the sum acknowledged and that plus the unanswered."""
    problems = []
    least, more = Counter(), Counter()
    for one in operations:
        if one.kind != kind or not one.applied:
            continue
        step = 1 if kind == "increment" else one.value
        if one.outcome == OK:
            least[one.key] += step
        elif one.outcome == UNKNOWN:
            more[one.key] += step
    for key in set(least) | set(more) | set(totals):
        total = totals.get(key, 0)
        if not least[key] <= total <= least[key] + more[key]:
            problems.append(f"{kind} {key} is {total}, not between {least[key]} and {least[key] + more[key]}")
    return problems


def check_steps(operations):
    """Two acknowledged compare-and-sets of one counter never took the same step."""
    steps = Counter((one.key, one.value) for one in operations
                    if one.kind == "increment" and one.outcome == OK and one.applied)
    return [f"{count} clients were told that they raised counter {key} to {value}"
            for (key, value), count in steps.items() if count > 1]


def check_registers(operations):
    """Each key's history of writes, reads and compare-and-sets is linearizable; every written value is unique."""
    keys = defaultdict(list)
    for one in operations:
        if one.kind in ("write", "read", "cas"):
            keys[one.key].append(one)
    problems = []
    for key, history in sorted(keys.items()):
        problem = find_violation(history)
        if problem:
            problems.append(f"register {key}: {problem}")
    return problems


def _observed(one):
    """The value that an answered operation saw, in a tuple; empty when it saw none."""
    if one.outcome != OK:
        return ()
    if one.kind == "read" or not one.applied:
        return (one.found,)
    return (one.expected,) if one.kind == "cas" else ()


def _relevant(history):
    """The operations that must have taken place, as (start, end, expected or None, written or None).

    An unanswered write that nobody saw can be left out. One that was seen did take place, before the end of the first
    answer that shows it: an unanswered operation gets that as its end.
    """
    seen_at = {}
    for one in history:
        for value in _observed(one):
            seen_at[value] = min(seen_at.get(value, one.end), one.end)
    result = []
    for one in history:
        if one.outcome == REFUSED:
            if one.kind != "read" and one.value in seen_at:
                return None, f"{one.value} was refused and has been read"
            continue
        reads = one.kind == "read" or not one.applied
        if one.outcome == UNKNOWN:
            if one.kind == "read" or one.value not in seen_at:
                continue
            result.append((one.start, max(seen_at[one.value], one.start), one.expected if one.kind == "cas" else ANY,
                           one.value))
        elif reads:
            result.append((one.start, one.end, one.found, NOTHING))
        else:
            result.append((one.start, one.end, one.expected if one.kind == "cas" else ANY, one.value))
    return result, None


ANY = object()      # it doesn't matter what was there
NOTHING = object()  # it writes nothing


def find_violation(history):
    """Nothing, or a sentence. Follows time; keeps every (value, set of open operations done) that is still possible."""
    operations, problem = _relevant(history)
    if problem:
        return problem
    events = sorted([(one[0], 0, number) for number, one in enumerate(operations)] +
                    [(one[1], 1, number) for number, one in enumerate(operations)])
    pending = set()
    possible = {(None, frozenset())}
    for moment, is_end, number in events:
        if not is_end:
            pending.add(number)
            continue
        possible = _with_done(possible, operations, pending, number)
        if possible is None:
            return f"too many orders are possible at {moment:.3f} s to check them all"
        if not possible:
            _, _, expected, written = operations[number]
            what = f"a read of {expected}" if written is NOTHING else f"the write of {written}"
            return f"{what} that ended at {moment:.3f} s fits nowhere"
        pending.discard(number)
    return None


def _with_done(possible, operations, pending, wanted):
    """All that can follow from `possible` by doing open operations until `wanted` is done.

    What writes nothing and fits the value is done at once: nothing that fits later is lost by it.
    """
    reads = {}
    for number in pending:
        _, _, expected, written = operations[number]
        if written is NOTHING:
            reads.setdefault(expected, set()).add(number)

    def settled(value, done):
        return value, done | reads.get(value, frozenset())

    visited = {settled(*one) for one in possible}
    result, queue = set(), list(visited)
    while queue:
        value, done = queue.pop()
        if wanted in done:
            result.add((value, done - {wanted}))
            continue
        for number in pending - done:
            _, _, expected, written = operations[number]
            if written is NOTHING or (expected is not ANY and expected != value):
                continue
            following = settled(written, done | {number})
            if following not in visited:
                visited.add(following)
                queue.append(following)
        if len(visited) > CONFIGURATIONS_MAX:
            return None
    return result


def longest_gap(operations, first, last, outages):
    """The longest time between two successful writes; time in which no majority ran doesn't count."""
    ends = sorted(one.end for one in operations if one.outcome == OK and one.kind != "read")
    moments = [first] + [end for end in ends if first <= end <= last] + [last]
    longest = (0.0, first)
    for before, after in zip(moments, moments[1:]):
        excused = sum(max(0.0, min(after, until) - max(before, since)) for since, until in outages)
        longest = max(longest, (after - before - excused, before))
    return longest
