"""The same statement in other letters: upper case, comments, spaces, names in quotes or with their keyspace, strings in $$."""
import re

# Comments, strings, quoted names, spaces, words, signs.
TOKEN = re.compile(r"/\*.*?\*/|(?:--|//)[^\n]*\n|\$\$.*?\$\$|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\s+|\w+|.", re.DOTALL)
SPACES = ["  ", "\t", "\n", " /* a comment */ ", " -- a comment\n", " // it's a comment\n", "/**/", " /* 'a' * / \" */ "]
PLAIN_NAMES = {"k", "k2", "c", "d", "e", "s", "s2", "v", "w", "x", "z", "t0", "t1", "t2", "n"}
TABLES = {"t0", "t1", "t2", "n"}
BEFORE_TABLES = {"FROM", "INTO", "UPDATE", "TABLE"}
CHANGE_CHANCE = 0.3  # of each word


def respelled(chance, statement, keyspace):
    """Means the same; its first word, by which statements are told apart, stays."""
    text, found, bound = statement.rpartition(" ::")
    if not found:
        text, bound = statement, ""
    tokens = TOKEN.findall(text)
    out = tokens[:1]
    for at in range(1, len(tokens)):
        change = chance.random() < CHANGE_CHANCE
        out.append(other(chance, tokens, at, keyspace) if change else tokens[at])
    return "".join(out) + found + bound


def other(chance, tokens, at, keyspace):
    token, following = tokens[at], tokens[at + 1:at + 2]
    if token.isspace():
        return chance.choice(SPACES)
    if token[0] == "'":
        plain = token[1:-1].replace("''", "'")
        return token if "$" in plain else f"$${plain}$$"
    if following == ["("] or token[:2] == "0x" or not re.fullmatch(r"\w+", token):
        return token  # these are shown as they were written
    before = next((word for word in reversed(tokens[:at]) if not word.isspace()), "").upper()
    if token in TABLES and before in BEFORE_TABLES and chance.random() < 0.6:
        return f"{keyspace}.{token}"
    if token in PLAIN_NAMES and chance.random() < 0.5 and before != ".":
        return f'"{token}"'
    return token.upper() if chance.random() < 0.7 else token.capitalize()
