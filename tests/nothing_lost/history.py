"""One operation of a client, as it is written down and checked."""
import json
from dataclasses import asdict, dataclass
from typing import Any

OK = "ok"            # answered: it happened, with this result
REFUSED = "refused"  # answered: it surely did not happen
UNKNOWN = "unknown"  # a timeout or a broken connection: it may have happened, or may yet


@dataclass
class Operation:
    kind: str      # insert, write, read, cas, increment, add, batch
    key: Any
    start: float   # seconds of the clock that all processes of a machine share
    end: float
    outcome: str
    value: Any = None     # what was to be written or added
    expected: Any = None  # cas and increment: the value that had to be there
    found: Any = None     # read: what was read; cas that was not applied: what was there instead
    applied: bool = True  # cas and increment with outcome ok: whether the condition held
    problem: str = ""     # the error, where there was one


def save(path, operations):
    with open(path, "w", encoding="utf-8") as file:
        for operation in operations:
            file.write(json.dumps(asdict(operation)) + "\n")


def load(path):
    with open(path, encoding="utf-8") as file:
        return [Operation(**json.loads(line)) for line in file]
