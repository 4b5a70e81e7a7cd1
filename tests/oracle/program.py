"""A program: a schema and statements over it, as cases of a scenario. The same seed and number give the same one."""
import random

from expressions import Context
from grammar import Grammar, mutated
from scenarios import Case
from schema import Schema
from selects import select
from writes import SHORT_TTLS, Writer

FIRST_WRITES = 25
PREPARED_CHANCE = 0.3
TIMED_CHANCE = 0.25       # that each statement of a program says which second it is, and values expire
BEGINNING = 2_000_000_000  # of such a program, in seconds: later than any clock, so that nothing is swept away meanwhile
STEPS = [0, 0, 0, 0, 1, 2, 10, 40]


def make_case(statement, sent=None):
    """`sent`: the directives of scenarios.py."""
    case = Case()
    case.statement = statement
    case.directives = {name: str(value) for name, value in (sent or {}).items()}
    return case


def case_text(case):
    """The case as it stands in a scenario file."""
    return [f"@{name} {value}".rstrip() for name, value in case.directives.items()] + [f"> {case.statement}"]


class Program:
    def __init__(self, seed, number, length, grammar=None):
        self.chance = random.Random(f"{seed}/{number}")
        self.grammar = grammar or Grammar()
        self.schema = Schema(self.chance)
        self.now = BEGINNING if self.chance.random() < TIMED_CHANCE else None
        self.writer = Writer(self.chance, SHORT_TTLS) if self.now else Writer(self.chance)
        self.cases = [make_case(text) for text in self.schema.creations()]
        for _ in range(FIRST_WRITES):
            self.cases.append(self.write())
        while len(self.cases) < length:
            self.cases.append(self.any_case())
        self.cases += [make_case(f"DESCRIBE TABLE {table.name}") for table in self.schema.tables]
        self.cases += [make_case(f"DESCRIBE TYPE {kind[1]}") for kind in self.schema.user_types]

    def table(self):
        return self.chance.choice(self.schema.tables)

    def names(self):
        table = self.table()
        return [table.name] + [column.name for column in table.columns] + ["nosuch", "int", "text"]

    def context(self):
        return Context(self.chance, self.schema, self.chance.random() < PREPARED_CHANCE)

    def write(self):
        context = self.context()
        statement, sent = self.writer.write(context, self.table())
        return self.timed(make_case(context.text(statement), sent))

    def select(self):
        context = self.context()
        statement, page = select(context, self.table())
        return self.timed(make_case(context.text(statement), {"page": page} if page else {}))

    def timed(self, case):
        if self.now:
            self.now += self.chance.choice(STEPS)
            case.directives["now"] = str(self.now)
        return case

    def any_case(self):
        draw = self.chance.random()
        if draw < 0.38:
            return self.write()
        if draw < 0.9:
            return self.select()
        if draw < 0.915:
            return make_case(self.schema.alteration(self.writer.clock))
        if draw < 0.93:
            return make_case(self.schema.other_definition())
        if draw < 0.955:
            return make_case(self.grammar.sentence(self.chance, self.names()))
        context = Context(self.chance, self.schema, False)
        if self.chance.random() < 0.6:
            text = select(context, self.table())[0]
        else:
            text = self.writer.write(context, self.table())[0]
        return make_case(mutated(self.chance, text, self.grammar.words, self.names()))
