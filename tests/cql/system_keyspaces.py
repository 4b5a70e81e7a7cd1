"""Which statements change a server's own keyspaces.

A Cassandra without roles lets anybody write to its own tables, and is broken for all afterwards. So what is said to one
is looked at first: by `record`, by `protocol --record`, and by the oracle. A file whose statements may go to a server that
is there for nothing else has a comment that begins with "Needs its own server"."""
import re

OWN = re.compile(r"system(_(?!views$|virtual_schema$)\w+)?")  # but those that are nothing but views
TOKEN = re.compile(r"/\*.*?\*/|(?:--|//)[^\n]*|\$\$.*?\$\$|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|[^\s\w]", re.DOTALL)
NO_WORDS = ("/*", "--", "//", "$$", "'")
HARMLESS = {"SELECT", "DESCRIBE", "DESC", "LIST", "USE", "GRANT", "REVOKE"}  # the last two want a login
BEFORE_KEYSPACES = {"KEYSPACE", "SCHEMA"}
BEFORE_NAMES = BEFORE_KEYSPACES | {"INTO", "UPDATE", "FROM", "TRUNCATE", "TABLE", "COLUMNFAMILY", "TYPE", "ON", "INDEX",
                                   "VIEW", "FUNCTION", "AGGREGATE"}
PERMISSION = re.compile(r"# *needs its own server\b", re.IGNORECASE)
QUERY, PREPARE, BATCH = 0x07, 0x09, 0x0D
NAME_SIZE_MAX = 48


def words_of(statement):
    return [token for token in TOKEN.findall(statement) if not token.startswith(NO_WORDS)]


def plain(name):
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def used_by(statement):
    """The keyspace of a USE; None of another statement."""
    words = words_of(statement)
    return plain(words[1]) if len(words) > 1 and words[0].upper() == "USE" else None


def changes_own(statement, used=""):
    """Whether the statement, or one in a batch, would change a keyspace of the server's. `used`: the session's keyspace."""
    words = words_of(statement)
    if not words or words[0].upper() in HARMLESS:
        return False
    for at, word in enumerate(words):
        if word.upper() not in BEFORE_NAMES or word.upper() == "FROM" and not any(w.upper() == "DELETE" for w in words[:at]):
            continue
        name = at + 1
        while [one.upper() for one in words[name:name + 1]] in (["IF"], ["NOT"], ["EXISTS"]):
            name += 1
        if not re.match(r'["\w]', "".join(words[name:name + 1])):
            continue
        says_keyspace = word.upper() in BEFORE_KEYSPACES or words[name + 1:name + 2] == ["."]
        if OWN.fullmatch(plain(words[name]) if says_keyspace else used):
            return True
    return False


def first_change(statements):
    """The first of a session's statements that changes_own(); None if there is none."""
    used = ""
    for statement in statements:
        if changes_own(statement, used):
            return statement
        used = used_by(statement) or used
    return None


def why_not(name, comments, statements, own_server):
    """Why a file may not be recorded: a sentence, or None. `own_server`: the server is there for such a file alone."""
    change = first_change(statements)
    if not change or own_server and any(map(PERMISSION.match, comments)):
        return None
    if any(map(PERMISSION.match, comments)):
        return f"{name}: needs a server that nobody else asks: start one, and say --own-server"
    return f"{name}: changes a system keyspace: {change}"


class Watch:
    """Looks at the requests of one connection before they are sent."""

    def __init__(self):
        self.used = ""

    def look(self, opcode, body):
        for statement, rest in statements_in(opcode, body):
            if changes_own(statement, keyspace_named(rest) or self.used):
                raise SystemExit(f"changes a system keyspace: {statement}")
            self.used = used_by(statement) or self.used


def keyspace_named(parameters):
    """The keyspace that a request of v5 names, in which case it or a second is the last of its parameters; or None."""
    for end in (parameters, parameters[:-4]):
        for size in range(1, min(NAME_SIZE_MAX, len(end) - 2) + 1):
            if end[-size - 2:-size] == bytes([0, size]) and re.fullmatch(rb"\w+", end[-size:]):
                return end[-size:].decode()
    return None


def statements_in(opcode, body):
    """The statements of a request, however wrong it is, each with the bytes behind it."""
    if opcode in (QUERY, PREPARE):
        size = int.from_bytes(body[:4], "big")
        return [(body[4:4 + size].decode(errors="replace"), body[4 + size:])]
    if opcode == BATCH:  # where each begins and ends is not looked for: nothing else in there looks like one
        text = body.decode("latin-1")
        return [(text[at.start():], body) for at in re.finditer(r"\b(INSERT|UPDATE|DELETE)\b|TRUNCATE", text, re.IGNORECASE)]
    return []
