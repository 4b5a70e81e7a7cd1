"""A program: a schema and statements over it, as cases of a scenario. The same seed and number give the same one."""
import random

from expressions import Context
from grammar import Grammar, mutated
from scenarios import Case
from schema import Schema
from selects import select
from writes import Writer

FIRST_WRITES = 25
PREPARED_CHANCE = 0.3


def make_case(statement, page=None):
    case = Case()
    case.statement = statement
    if page:
        case.directives["page"] = str(page)
    return case


def case_text(case):
    """The case as it stands in a scenario file."""
    return [f"@{name} {value}".rstrip() for name, value in case.directives.items()] + [f"> {case.statement}"]


class Program:
    def __init__(self, seed, number, length, grammar=None):
        self.chance = random.Random(f"{seed}/{number}")
        self.grammar = grammar or Grammar()
        self.schema = Schema(self.chance)
        self.writer = Writer(self.chance)
        self.cases = [make_case(text) for text in self.schema.creations()]
        for _ in range(FIRST_WRITES):
            self.cases.append(self.write())
        while len(self.cases) < length:
            self.cases.append(self.any_case())
        self.cases += [make_case(f"DESCRIBE TABLE {table.name}") for table in self.schema.tables]

    def table(self):
        return self.chance.choice(self.schema.tables)

    def names(self):
        table = self.table()
        return [table.name] + [column.name for column in table.columns] + ["nosuch", "int", "text"]

    def context(self):
        return Context(self.chance, self.schema, self.chance.random() < PREPARED_CHANCE)

    def write(self):
        context = self.context()
        return make_case(context.text(self.writer.write(context, self.table())))

    def select(self):
        context = self.context()
        statement, page = select(context, self.table())
        return make_case(context.text(statement), page)

    def any_case(self):
        draw = self.chance.random()
        if draw < 0.38:
            return self.write()
        if draw < 0.9:
            return self.select()
        if draw < 0.915:
            return make_case(self.schema.alteration()[0])
        if draw < 0.955:
            return make_case(self.grammar.sentence(self.chance, self.names()))
        context = Context(self.chance, self.schema, False)
        if self.chance.random() < 0.6:
            text = select(context, self.table())[0]
        else:
            text = self.writer.write(context, self.table())
        return make_case(mutated(self.chance, text, self.grammar.words, self.names()))
