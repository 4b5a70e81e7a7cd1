"""A program: a schema and statements over it, as cases of a scenario. The same seed and number give the same one."""
import random
import re

from expressions import CLOCK_NAMES, Context
from grammar import Grammar, mutated
from scenarios import Case
from schema import Schema
from selects import PAGES, select, system_select
from spelling import respelled
from writes import CONSISTENCIES, SHORT_TTLS, Writer

FIRST_WRITES = 25
FILLINGS = 3              # of each table with clustering columns, so that some partitions have many rows
PREPARED_CHANCE = 0.3
TIMED_CHANCE = 0.25       # that each statement of a program says which second it is, and values expire
BEGINNING = 2_000_000_000  # of such a program, in seconds: later than any clock, so that nothing is swept away meanwhile
OF_ALL_KEYSPACES = re.compile(r"DESC(RIBE)? (CLUSTER|(FULL )?SCHEMA|KEYSPACES)")
NESTING_MAX = 7           # a Cassandra takes exponentially longer to parse what is deeper
RESPELLED_CHANCE = 0.12
CONSISTENCY_CHANCE = 0.05
AGAIN_CHANCE = 0.03       # that what was prepared before is executed again, as it was prepared then
MESSAGE_CHANCE = 0.3      # that a batch goes as a message of that kind
FIRST_CHANCE = 0.2        # of a SELECT in pages, that only the first one is asked for at once
REST_CHANCE = 0.08        # that the others are, once there is such a SELECT
OTHER_VERSION_CHANCE = 0.12  # of the protocol
SKIP_CHANCE = 0.15        # that what is prepared is executed without being told the columns again
UNPREPARED_CHANCE = 0.12  # that values go along with the text
ODD_FRAME_CHANCE = 0.01   # that a frame asks to be traced, or brings a payload
NAMED = re.compile(r'[^\w:]:["a-z]')
STEPS = [0, 0, 0, 0, 1, 2, 10, 40]


def make_case(statement, sent=None):
    """`sent`: the directives of scenarios.py."""
    case = Case()
    case.statement = statement
    case.directives = {name: str(value) for name, value in (sent or {}).items()}
    return case


def case_text(case):
    """The case as it stands in a scenario file."""
    said = "> " + case.statement.replace("\n", "\n+ ")
    return [f"@{name} {value}".rstrip() for name, value in case.directives.items()] + said.split("\n")


def nesting(statement):
    """How deep brackets stand in each other."""
    depth = deepest = 0
    for character in statement:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def keyspace_of(seed):
    return f"rec_oracle_{seed}"


class Program:
    def __init__(self, seed, number, length, grammar=None):
        self.chance, self.keyspace = random.Random(f"{seed}/{number}"), keyspace_of(seed)
        self.grammar = grammar or Grammar()
        self.schema = Schema(self.chance)
        self.now = BEGINNING if self.chance.random() < TIMED_CHANCE else None
        self.writer = Writer(self.chance, SHORT_TTLS) if self.now else Writer(self.chance)
        self.begun = []  # whose first page alone was asked for
        self.cases = [make_case(text) for text in self.schema.creations()]
        for _ in range(FIRST_WRITES):
            self.cases.append(self.write())
        for table in self.schema.tables:
            if table.clustering and not table.is_counter:
                self.cases += [self.filling(table) for _ in range(FILLINGS)]
        while len(self.cases) < length:
            case = self.any_case()
            if nesting(case.statement) <= NESTING_MAX:
                self.cases.append(case)
        self.cases += [make_case(f"DESCRIBE TABLE {table.name}") for table in self.schema.tables]
        self.cases += [make_case(f"DESCRIBE TYPE {kind[1]}") for kind in self.schema.user_types]

    def alteration(self):
        """A statement; behind it comes what was prepared before it."""
        self.cases.append(self.altered())
        return self.again()

    def altered(self):
        statement = self.schema.alteration(self.writer.clock)
        if statement.startswith("DROP TABLE"):  # which comes back a little later, as another
            table = next(table for table in self.schema.tables if statement.endswith(" " + table.name))
            self.cases += [make_case(statement), self.write(), self.select()]
            self.schema.replace(table)
            return make_case(table.create())
        return make_case(statement)

    def table(self):
        return self.chance.choice(self.schema.tables)

    def names(self):
        """Of keyspaces, too: x is one that somebody else may have."""
        table = self.table()
        return [table.name] + [column.name for column in table.columns if column.name != "x"] + ["nosuch", "int", "text"]

    def context(self):
        return Context(self.chance, self.schema, self.chance.random() < PREPARED_CHANCE)

    def write(self):
        context = self.context()
        statement, sent = self.writer.write(context, self.table())
        if statement.startswith("BEGIN") and "; APPLY" in statement and self.chance.random() < MESSAGE_CHANCE:
            return self.carried(make_case(context.text(statement), {**sent, "message": ""}))
        return self.said(context.text(statement), sent)

    def filling(self, table):
        context = Context(self.chance, self.schema, False)
        return self.carried(make_case(self.writer.filling(context, table)))

    def select(self):
        context = self.context()
        statement, page = select(context, self.table())
        sent, text = {"page": page} if page else {}, context.text(statement)
        if CLOCK_NAMES.search(statement.partition(" FROM ")[0]):
            sent["columns"] = "only"
        if page and nesting(text) <= NESTING_MAX and self.chance.random() < FIRST_CHANCE:
            self.begun.append(self.carried(make_case(text, {**sent, "pages": "first"})))
            return self.begun[-1]
        return self.said(text, sent)

    def rest(self):
        """The pages behind a first one, after what was written meanwhile."""
        first = self.begun.pop(self.chance.randrange(len(self.begun)))
        return self.timed(make_case(first.statement, {**first.directives, "pages": "rest"}))

    def said(self, statement, sent):
        """As it is told: perhaps in other letters, at another level, at a second of its own."""
        if self.chance.random() < RESPELLED_CHANCE:
            statement = respelled(self.chance, statement, self.keyspace)
        if self.chance.random() < CONSISTENCY_CHANCE:
            sent = {**sent, "consistency": self.chance.choice(CONSISTENCIES)}
        return self.carried(make_case(statement, sent))

    def carried(self, case):
        """At its second, in one of the ways that the protocol has for it."""
        chance, sent = self.chance, self.timed(case).directives
        if "now" not in sent and chance.random() < OTHER_VERSION_CHANCE:
            sent["version"] = chance.choice(["3", "5", "5"])
        if " :: " in case.statement and "message" not in sent:
            if chance.random() < UNPREPARED_CHANCE:
                by_name = NAMED.search(case.statement) and chance.random() < 0.5
                sent["unprepared"] = "names" if by_name else "order"
            elif chance.random() < SKIP_CHANCE:
                sent["skip"] = ""
        if chance.random() < ODD_FRAME_CHANCE:
            sent[chance.choice(["tracing", "payload"])] = ""
        return case

    def timed(self, case):
        if self.now:
            self.now += self.chance.choice(STEPS)
            case.directives["now"] = str(self.now)
        return case

    def again(self):
        """An earlier statement that was prepared, perhaps before its table was altered."""
        prepared = [case for case in self.cases
                    if " :: " in case.statement and not {"unprepared", "pages"} & set(case.directives)]
        if not prepared:
            return self.write()
        earlier = self.chance.choice(prepared)
        return self.timed(make_case(earlier.statement, {**earlier.directives, "again": ""}))

    def any_case(self):
        if self.begun and self.chance.random() < REST_CHANCE:
            return self.rest()
        if self.chance.random() < AGAIN_CHANCE:
            return self.again()
        draw = self.chance.random()
        if draw < 0.38:
            return self.write()
        if draw < 0.885:
            return self.select()
        if draw < 0.9:
            text = system_select(self.chance, self.table(), self.keyspace)
            # Pages of virtual tables are as long as their partitions in Cassandra.
            in_pages = "system_v" not in text and self.chance.random() < 0.3
            return make_case(text, {"page": self.chance.choice(PAGES)} if in_pages else {})
        if draw < 0.915:
            return self.alteration()
        if draw < 0.93:
            return make_case(self.schema.other_definition())
        if draw < 0.955:
            text = self.grammar.sentence(self.chance, self.names())
            return make_case("DESCRIBE TYPES" if OF_ALL_KEYSPACES.match(text) else text)
        context = Context(self.chance, self.schema, False)
        if self.chance.random() < 0.6:
            text = select(context, self.table())[0]
        else:
            text = self.writer.write(context, self.table())[0]
        return make_case(mutated(self.chance, text, self.grammar.words, self.names()))
