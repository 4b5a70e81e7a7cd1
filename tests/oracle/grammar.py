"""Sentences drawn from cql/grammar/cql.yy itself: what is written there as a rule is what may be said."""
import re
from pathlib import Path

from spelling import TOKEN

GRAMMAR = Path(__file__).resolve().parents[2] / "cql" / "grammar" / "cql.yy"
DEPTH_MAX = 14
ENDLESS = 10**6
# Statements whose effects stay in the program's own keyspace, and are quick.
STATEMENTS = ["select", "select", "insert", "update", "delete", "batch", "create_table", "alter_table",
              "create_type", "alter_type", "drop_type", "describe"]
LITERALS = {"string": ["'a'", "'1'", "''"], "integer": ["1", "0", "-1"], "float": ["1.50"], "boolean": ["true"],
            "duration": ["1h"], "uuid": ["550e8400-e29b-41d4-a716-446655440000"], "blob": ["0x01"], "NaN": ["NaN"]}
SYMBOL = re.compile(r"'(?:\\.|[^'])*'|\"(?:\\.|[^\"])*\"|%\w+|[\w]+|[|:;]")


def without_actions(text):
    """The rules without comments and what stands in braces."""
    out, depth, at = [], 0, 0
    for match in re.finditer(r"//[^\n]*|'(?:\\.|[^'\\])'|\"(?:\\.|[^\"\\])*\"|[{}]", text):
        if depth == 0:
            out.append(text[at:match.start()])
        word, at = match.group(), match.end()
        if word in "{}":
            depth += 1 if word == "{" else -1
        elif depth == 0 and not word.startswith("//"):
            out.append(word)
    return "".join(out) + text[at:]


def read_rules(text):
    """{name: [alternatives, each a list of symbols]}"""
    rules, name, symbols = {}, None, SYMBOL.findall(without_actions(text.split("%%")[1]))
    for at, symbol in enumerate(symbols):
        if symbols[at + 1:at + 2] == [":"]:
            name = symbol
            rules[name] = [[]]
        elif symbol == "|":
            rules[name].append([])
        elif symbol not in (":", ";") and not symbol.startswith("%"):
            rules[name][-1].append(symbol)
    return {name: [without_precedence(a) for a in alternatives] for name, alternatives in rules.items()}


def without_precedence(alternative):
    return [symbol for symbol in alternative if symbol not in ("HINT", "TUPLE", "NEGATION")]


def heights(rules):
    """How deep the shallowest sentence of each rule is."""
    found = {name: ENDLESS for name in rules}
    changed = True
    while changed:
        changed = False
        for name, alternatives in rules.items():
            least = min(height_of(alternative, found) for alternative in alternatives)
            if least < found[name]:
                found[name], changed = least, True
    return found


def height_of(alternative, found):
    return 1 + max((found.get(symbol, 0) for symbol in alternative), default=0)


class Grammar:
    def __init__(self, text=None):
        self.rules = read_rules(text or GRAMMAR.read_text())
        self.heights = heights(self.rules)
        self.words = sorted({symbol.strip('"') for alternatives in self.rules.values()
                             for alternative in alternatives for symbol in alternative
                             if re.fullmatch(r'"[A-Z_]+"', symbol)})

    def sentence(self, chance, names, start=None):
        """Text of a statement; identifiers are drawn from the names. Markers are left out."""
        while True:
            text = " ".join(self.derive(chance, names, start or chance.choice(STATEMENTS), 0))
            if "?" not in text and ": " not in text:
                return text

    def derive(self, chance, names, symbol, depth):
        if symbol not in self.rules:
            return [self.terminal(chance, names, symbol)]
        if symbol == "name" and chance.random() < 0.95:
            return [chance.choice(names)]
        choices = self.rules[symbol]
        if depth >= DEPTH_MAX:
            least = min(height_of(choice, self.heights) for choice in choices)
            choices = [choice for choice in choices if height_of(choice, self.heights) == least]
        out = []
        for part in chance.choice(choices):
            out += self.derive(chance, names, part, depth + 1)
        return out

    def terminal(self, chance, names, symbol):
        plain = symbol.strip("'\"") if symbol not in ("'\"'", '"\\"\\""') else '""'
        if plain == "identifier" or plain == "quoted name":
            return chance.choice(names)
        return chance.choice(LITERALS[plain]) if plain in LITERALS else plain


def mutated(chance, text, words, names):
    """The text with a word taken out, doubled, exchanged or put in."""
    tokens = TOKEN.findall(text)
    places = [i for i, token in enumerate(tokens) if not token.isspace()]
    at = chance.choice(places)
    draw = chance.random()
    if draw < 0.3:
        tokens[at] = ""
    elif draw < 0.45:
        tokens[at] += " " + tokens[at]
    elif draw < 0.75:
        tokens[at] = chance.choice(chance.choice([words, names, ["1", "'a'", "null", "(", ")", ",", "{}", "[1]"]]))
    elif draw < 0.85:
        other = chance.choice(places)
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        tokens[at] += " " + chance.choice(chance.choice([words, names, ["=", "<", "1", "null", "AND", "IN"]]))
    return "".join(tokens)
