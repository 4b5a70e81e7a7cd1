"""Two servers' answers to a statement: whether they differ, in what, and whether that is known."""
import re
from dataclasses import dataclass
from pathlib import Path

from native_client import ERRORS

KNOWN = Path(__file__).parent / "on_purpose.txt"
ERROR = re.compile(r"  (%s): (.*)" % "|".join(ERRORS.values()), re.DOTALL)
# What changes from run to run: a server's clock in microseconds, what is left of a TTL of 100,000,000 s, and which of to_json
# and tojson a Cassandra calls it: the one that was first called with such an argument (from_json: for such a type).
NOISE = [(re.compile(r"\b0X(?=[0-9a-fA-F]*\b)"), "0x"), (re.compile(r"\bsystem\.(to|from)_?json\b"), r"system.\1_json"),
         (re.compile(r"\b1[78]\d{14}\b"), "<now>"), (re.compile(r"\b(999\d{5}|100000000)\b"), "<ttl>"),
         (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b(?=.*id = )"), "<id>"),
         (re.compile(r"(?<=ID = )[0-9a-f-]{36}"), "<id>")]
# In the order of their weight.
KINDS = ["lost", "outcome", "code", "markers", "columns", "rows", "order", "pages", "warnings", "message"]
ROW_KINDS = ["markers", "columns", "rows", "order", "pages", "warnings"]
BUSY = ("  connection lost: timed out", "  Overloaded: ", "  TruncateError: Truncate failed", "  WriteTimeout: ", "  ReadTimeout: ")
ALL_TABLES = {"t0", "t1", "t2", "n"}


def normalised(lines):
    out = []
    for line in lines:
        for pattern, word in NOISE:
            line = pattern.sub(word, line)
        out.append(line)
    return out


@dataclass
class Answer:
    lines: list
    error: str = ""
    message: str = ""
    markers: str = ""
    columns: str = ""
    rows: tuple = ()
    pages: tuple = ()
    warnings: tuple = ()
    lost: bool = False


def read_answer(lines):
    lines = normalised(lines)
    answer = Answer(lines)
    answer.lost = any(line.startswith("  connection lost") for line in lines)
    rows, pages, warnings, size = [], [], [], 0
    for line in lines:
        error = ERROR.fullmatch(line)
        if error:
            answer.error, answer.message = error.groups()
        elif line.startswith("  warning: "):
            warnings.append(line)
        elif re.fullmatch(r"  \(\d+ rows\)", line):
            pages.append(size)
            size = 0
        elif line == "  -- next page" or line == answer.columns:
            continue
        elif line.startswith("  markers: "):
            answer.markers = line
        elif not answer.columns:
            answer.columns = line
        else:
            rows.append(line)
            size += 1
    if len(pages) > 1 and pages[-1] == 0:
        pages.pop()  # Cassandra says that there is more whenever a page is full
    answer.rows, answer.pages, answer.warnings = tuple(rows), tuple(pages), tuple(sorted(set(warnings)))
    return answer


def difference(reference, subject):
    """Which of KINDS, or None. Of syntax errors only the code counts: their words are a parser generator's."""
    a, b = read_answer(reference), read_answer(subject)
    if a.lines == b.lines:
        return None
    if a.lost != b.lost:
        return "lost"
    if bool(a.error) != bool(b.error):
        return "outcome"
    if a.error != b.error:
        return "code"
    if a.error:
        return None if a.error == "SyntaxError" or a.message == b.message else "message"
    for kind in ("markers", "columns", "rows", "pages", "warnings"):
        if getattr(a, kind) != getattr(b, kind):
            same_rows = kind == "rows" and sorted(a.rows) == sorted(b.rows)
            return "order" if same_rows else kind
    return None


def is_overloaded(lines):
    """Whether a server has said nothing of the statement, being too busy."""
    return any(line.startswith(BUSY) for line in lines)


def tables_of(statement):
    return ALL_TABLES & set(re.findall(r"\w+", statement.lower()))


NAMES = re.compile(r"\b(k2?_*|[cde]_*|s2?|[vwxz]|added\d+|f\d+|[tx]\d|n|u|deep|a\d|nosuch|rec_oracle_\d+)\b|\"?[QF] [ymc]\"?")
TYPES = re.compile(r"\b(frozen|list|set|map|tuple|vector)<[^ ]*(, ?[^ ]+)*>")
SIMPLE = re.compile(r"\b(tiny|small|big|var)?int\b|\b(text|varchar|ascii|blob|boolean|date|decimal|double|float|inet|"
                    r"time|timestamp|timeuuid|uuid|duration)\b")


def shape(text):
    """A message without the names, types and numbers in it: what tells one difference from another."""
    text = re.sub(r"'(?:[^']|'')*'", "S", text)
    text = SIMPLE.sub("T", TYPES.sub("T", NAMES.sub("N", text)))
    return re.sub(r"-?\b[0-9][0-9a-fxA-F.-]*\b", "9", text)


def signature(statement, reference, subject):
    """Equal for differences that have likely one cause."""
    kind = difference(reference, subject)
    a, b = read_answer(reference), read_answer(subject)
    if kind in ("lost", "outcome", "code", "message"):
        return kind, shape(f"{a.error} {a.message} | {b.error} {b.message}")
    words = sorted(set(re.findall(r"\b[A-Z]{2,}\b|\b[a-z_A-Z]+(?=\()", statement)))
    return kind, statement.split()[0] + " " + " ".join(words)


# ---- What differs on purpose ----

class Known:
    """on_purpose.txt: paragraphs of `# the reason` and patterns; a difference is known if all patterns of one fit."""

    def __init__(self, text):
        self.entries = []
        for paragraph in text.split("\n\n"):
            lines = paragraph.strip().splitlines()
            patterns = dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))
            if patterns:
                self.entries.append({part: re.compile(pattern, re.IGNORECASE if part == "statement" else 0)
                                     for part, pattern in patterns.items()})

    def covers(self, statement, reference, subject):
        said = {"statement": statement, "reference": "\n".join(reference), "subject": "\n".join(subject)}
        return any(all(pattern.search(said[part]) for part, pattern in entry.items()) for entry in self.entries)


def read_known():
    return Known(KNOWN.read_text())
