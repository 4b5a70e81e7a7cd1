"""Makes a difference small: fewer statements first, then fewer parts of each."""
import ast
import re

from compare import tables_of
from program import make_case
from spelling import TOKEN

ATTEMPTS_MAX = 150
OPTIONAL = {"WHERE", "GROUP", "ORDER", "PER", "LIMIT", "ALLOW", "USING", "IF", "WITH", "DEFAULT"}
CLAUSES = OPTIONAL | {"SET", "VALUES", "FROM"}
OPEN, CLOSE = "([{", ")]}"
TOO_LONG = 4000  # characters; longer statements are left as they are


def minimal_list(items, still_differs):
    """Delta debugging: a shorter list of which none can go, as long as attempts are left."""
    size = max(1, len(items) // 2)
    while items:
        at, gone = 0, False
        while at < len(items):
            shorter = items[:at] + items[at + size:]
            if still_differs(shorter):
                items, gone = shorter, True
            else:
                at += size
        if size == 1 and not gone:
            break
        size = max(1, size // 2)
    return items


# ---- Parts of a statement ----

def split_bound(statement):
    """(text, the bound values as written; None without any)"""
    text, found, bound = statement.rpartition(" ::")
    if not found:
        return statement, None
    source = f"[{bound.strip()}]"
    return text, [ast.get_source_segment(source, item) for item in ast.parse(source, mode="eval").body.elts]


def markers(tokens):
    """Where they stand: ? and :name, but not the colons of maps."""
    return [at for at, token in enumerate(tokens)
            if token == "?" or token == ":" and re.match(r'[\w"]', (tokens + [" "])[at + 1])]


def without(statement, ranges):
    """The statement without these ranges of tokens and the values bound in them."""
    text, bound = split_bound(statement)
    tokens = TOKEN.findall(text)
    gone = {at for start, end in ranges for at in range(start, end)}
    kept = "".join(token for at, token in enumerate(tokens) if at not in gone).rstrip()
    if bound is None:
        return kept
    left = [value for at, value in zip(markers(tokens), bound) if at not in gone]
    return f"{kept} :: {', '.join(left)}"


def groups(tokens):
    """[(start, end, separators)] of what stands in brackets, and of the clauses outside of them."""
    found, open_at, clause = [], [], 0
    for at, token in enumerate(tokens):
        if token in OPEN:
            open_at.append(at)
        elif token in CLOSE and open_at:
            start = open_at.pop()
            found.append((start + 1, at))
        elif not open_at and (token.upper() in CLAUSES | {"SELECT", "DELETE", "ADD", ";"}):
            found.append((clause, at))
            clause = at + 1
    return found + [(clause, len(tokens))]


def segments(tokens, start, end):
    """The ranges between the separators of a group, each with one separator."""
    depth, cuts = 0, []
    for at in range(start, end):
        depth += (tokens[at] in OPEN) - (tokens[at] in CLOSE)
        if depth == 0 and (tokens[at] == "," or tokens[at].upper() == "AND"):
            cuts.append(at)
    edges = [start - 1] + cuts + [end]
    if not cuts:
        return [(start, end)] if tokens[start - 1:start] in (["["], ["{"]) and start < end else []
    return [(low, high) if low >= start else (start, min(high + 1, end)) for low, high in zip(edges, edges[1:])]


def smaller(statement):
    """Statements with one part less, the largest parts first."""
    if len(statement) > TOO_LONG:
        return
    text = split_bound(statement)[0]
    tokens = TOKEN.findall(text)
    removals = [[part] for part in clauses(tokens)]
    lists = [(start, segments(tokens, start, end)) for start, end in groups(tokens)]
    removals += paired(tokens, [parts for _, parts in lists])
    removals += [[part] for _, parts in lists for part in parts]
    removals += [list(part) for part in unwrapped(tokens)]
    removals += [[part] for part in batch_parts(tokens)]
    removals.sort(key=lambda ranges: -sum(end - start for start, end in ranges))
    for ranges in removals:
        yield without(statement, ranges)


def clauses(tokens):
    starts = [at for start, end in [(0, len(tokens))] for at in range(start, end)
              if tokens[at].upper() in CLAUSES | {";"} and depth_at(tokens, at) == 0]
    for at, following in zip(starts, starts[1:] + [len(tokens)]):
        if tokens[at].upper() in OPTIONAL:
            yield at, following


def depth_at(tokens, at):
    return sum((token in OPEN) - (token in CLOSE) for token in tokens[:at])


def paired(tokens, lists):
    """Of an INSERT the column and its value."""
    if tokens[0].upper() != "INSERT" or "VALUES" not in tokens:
        return []
    outer = [parts for parts in lists if parts and depth_at(tokens, parts[0][0]) == 1]
    if len(outer) < 2 or len(outer[0]) != len(outer[-1]):
        return []
    return [list(pair) for pair in zip(outer[0], outer[-1])]


def unwrapped(tokens):
    """f(x) as x: the ranges of `f(` and of `)`."""
    for start, end in groups(tokens):
        if start >= 2 and tokens[start - 1] == "(" and re.fullmatch(r"[a-z_A-Z]+", tokens[start - 2] or ""):
            yield (start - 2, start), (end, end + 1)


def batch_parts(tokens):
    if tokens[0].upper() != "BEGIN":
        return
    cuts = [at for at, token in enumerate(tokens) if token == ";"]
    begin = next(at for at, token in enumerate(tokens) if token.upper() == "BATCH") + 2
    for start, end in zip([begin] + [cut + 1 for cut in cuts], cuts):
        yield start, end + 1


# ---- A whole difference ----

class Shrinker:
    """`differs(cases)` says whether the last of the cases still shows the same difference."""

    def __init__(self, differs):
        self.ask, self.attempts = differs, 0

    def differs(self, cases):
        if self.attempts >= ATTEMPTS_MAX:
            return False
        self.attempts += 1
        return self.ask(cases)

    def shrink(self, cases):
        """The cases, fewer and shorter; the last one shows the difference."""
        *before, last = cases
        before = self.fewer(self.related(before, last), last)
        last = self.shorter(last, lambda case: before + [case])
        before = minimal_list(before, lambda some: self.differs(some + [last]))
        for at in range(len(before)):
            before[at] = self.shorter(before[at], lambda case: before[:at] + [case] + before[at + 1:] + [last])
        return before + [last]

    def related(self, before, last):
        """Without the tables that the last statement doesn't name."""
        others = tables_of(" ".join(case.statement for case in before)) - tables_of(last.statement)
        related = [case for case in before if not tables_of(case.statement) & others]
        return related if self.differs(related + [last]) else before

    def fewer(self, before, last):
        schema = [case for case in before if case.statement.startswith(("CREATE", "ALTER"))]
        writes = [case for case in before if not case.statement.startswith(("SELECT", "DESCRIBE"))]
        for fewer in (schema, writes):
            if self.differs(fewer + [last]):
                before = fewer
                break
        return minimal_list(before, lambda some: self.differs(some + [last]))

    def shorter(self, case, whole):
        progress = True
        while progress and self.attempts < ATTEMPTS_MAX:
            progress = False
            for statement in smaller(case.statement):
                candidate = make_case(statement)
                candidate.directives = case.directives
                if statement != case.statement and self.differs(whole(candidate)):
                    case, progress = candidate, True
                    break
        return case
