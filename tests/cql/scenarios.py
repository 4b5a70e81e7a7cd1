"""Scenario files: statements, and below each what came back.

    # a comment
    @page 2                         how the next statement is sent: page, timestamp, consistency, serial; now: in protocol v5,
                                    as if it were that second
    @columns only                   the next statement's values change from run to run: only its columns count
    @message                        the next statement, a BATCH, goes as a message of that kind, not as text
    @pages first                    only the first page of the next statement is asked for; `rest`: those behind it, once it
                                    is said again
    @again                          the next statement is executed as it was prepared when it was last said
    @skip                           of its rows' columns the server says nothing but what PREPARE said
    @unprepared order               its values go along with its text, in their order or by `names`
    @tracing                        it is to be traced
    @payload                        something comes along that no server knows
    @version 3                      the protocol that it is told in; 4 where nothing is said
    @sleep 1.5                      seconds to wait before it
    @differs because ...            we answer otherwise on purpose; the reason
    > SELECT * FROM t WHERE k = ? :: 1
      k int | v varchar             the answer, indented
      1 | 'a'
      (1 rows)

`::` and Python values after a statement: it is prepared and bound; `null`, `unset` and `'x' * 70000` are values too.
`+ ` begins a further line of a statement. Each file runs in a keyspace of its own, named for the file, on an own connection."""
import ast
import re
import time
from pathlib import Path

from native_client import BATCH, UNSET, Client, Options, Rows, ServerError

FOLDER = Path(__file__).parent / "recorded"
CONSISTENCIES = {"ANY": 0, "ONE": 1, "TWO": 2, "THREE": 3, "QUORUM": 4, "ALL": 5, "LOCAL_QUORUM": 6,
                 "EACH_QUORUM": 7, "SERIAL": 8, "LOCAL_SERIAL": 9, "LOCAL_ONE": 10}
VERSION = 4        # of the protocol, where a file says nothing
LATER_VERSION = 5  # for what is told as if it were another second
ANSWER_SECONDS_MAX = 180


class Case:
    def __init__(self):
        self.lines = []        # comments, directives and the statement, as written
        self.directives = {}
        self.statement = ""
        self.answer = []

    def values(self):
        text, found, values = self.statement.rpartition(" ::")
        return (text, parse_values(values)) if found else (self.statement, None)

    def options(self):
        asked = self.directives
        number = lambda name: int(asked[name]) if name in asked else None
        return Options(page=number("page"), timestamp=number("timestamp"),
                       consistency=CONSISTENCIES[asked.get("consistency", "ONE")],
                       serial=CONSISTENCIES[asked["serial"]] if "serial" in asked else None, now=number("now"),
                       again="again" in asked, pages=asked.get("pages", "all"), skip="skip" in asked,
                       unprepared=asked.get("unprepared"), tracing="tracing" in asked, payload="payload" in asked)

    def version(self):
        return int(self.directives.get("version", LATER_VERSION if "now" in self.directives else VERSION))


def parse_values(text):
    names = {"null": None, "unset": UNSET, "true": True, "false": False}

    def value(node):
        if isinstance(node, ast.Name):
            return names[node.id]
        if isinstance(node, (ast.List, ast.Tuple)):
            return [value(item) for item in node.elts]
        if isinstance(node, ast.Dict):
            return {value(k): value(v) for k, v in zip(node.keys, node.values)}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            return value(node.left) * value(node.right)
        return ast.literal_eval(node)

    return [value(item) for item in ast.parse(f"[{text}]", mode="eval").body.elts]


def read(path):
    """The cases of a file, and the comments after the last."""
    cases, case, said = [], Case(), False
    for line in path.read_text().splitlines():
        if line.startswith("  "):
            case.answer.append(line)
            continue
        if said and not line.startswith("+ "):
            cases.append(case)
            case, said = Case(), False
        case.lines.append(line)
        if line.startswith("> "):
            case.statement, said = line[2:], True
        elif line.startswith("+ "):
            case.statement += "\n" + line[2:]
        elif line.startswith("@"):
            name, _, value = line[1:].partition(" ")
            case.directives[name] = value
    if said:
        cases.append(case)
        case = Case()
    return cases, case.lines


class Scene:
    """A file's connections and keyspace on a server: one connection for each version of the protocol."""

    def __init__(self, host, port, name, shows_key=False, answer_seconds_max=ANSWER_SECONDS_MAX):
        self.keyspace = "rec_" + name.replace("-", "_")
        self.host, self.port, self.shows_key, self.clients = host, port, shows_key, {}
        self.answer_seconds_max = answer_seconds_max
        client = self.clients[VERSION] = self.connect(VERSION)
        self.tell(f"DROP KEYSPACE IF EXISTS {self.keyspace}")
        self.tell(f"CREATE KEYSPACE {self.keyspace} WITH replication = "
                  "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        self.tell(f"USE {self.keyspace}")
        client.socket.settimeout(answer_seconds_max)

    def connect(self, version):
        return Client(self.host, self.port, version, self.shows_key)

    def client(self, version=VERSION):
        """The connection of a version, made when it is first needed."""
        if version not in self.clients:
            client = self.clients[version] = self.connect(version)
            client.socket.settimeout(self.answer_seconds_max)
            self.tell(f"USE {self.keyspace}", version)
        return self.clients[version]

    def tell(self, text, version=VERSION):
        for _ in self.client(version).run(text):
            pass

    def close(self):
        self.tell(f"DROP KEYSPACE IF EXISTS {self.keyspace}")
        self.disconnect()

    def disconnect(self):
        for client in self.clients.values():
            client.socket.close()
        self.clients = {}

    def answer(self, case):
        """What the server says to a case, as lines."""
        if "sleep" in case.directives:
            time.sleep(float(case.directives["sleep"]))
        lines, text_and_values, options = [], case.values(), case.options()
        try:
            client = self.client(case.version())
            is_message = "message" in case.directives and BATCH.fullmatch(text_and_values[0])
            run = client.run_batch if is_message else client.run
            for number, (page, warnings) in enumerate(run(*text_and_values, options)):
                if isinstance(page, Rows):
                    if number and lines and lines[-1].startswith("  ("):
                        lines.append("  -- next page")
                    lines.extend(page.lines("columns" not in case.directives))
                else:
                    lines.append(page)
                lines.extend("  warning: " + one_line(warning) for warning in warnings)
        except ServerError as error:
            lines.append("  " + one_line(str(error)))
        except OSError as error:
            lines.append(f"  connection lost: {error}")
            self.disconnect()
        if options.pages == "rest" and not any(re.match(r"  \([1-9]|  [A-Z]\w+: ", line) for line in lines):
            return ["  nothing more"]  # of which some servers know before and others don't
        return lines


LISTS = re.compile(r"(\((?:known type|can be matched by following) signatures: )(.*)(\)(?:: use type casts|$))")


def one_line(text):
    """A message on one line; the overloads of a function in alphabetical order, as theirs is that of a hash table."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    in_order = lambda match: match[1] + ", ".join(sorted(re.split(', (?=[a-z_.0-9"]+ : )', match[2]))) + match[3]
    return LISTS.sub(in_order, text)


def files(names):
    return [FOLDER / f"{Path(name).stem}.txt" for name in names] or sorted(
        path for path in FOLDER.glob("*.txt") if path.stem != "known_differences")
