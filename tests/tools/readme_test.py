"""Checks that the documents tell the truth: files they name exist, commands they show are understood, keys are keys."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "build", "keyzone")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
# What a document may name although it isn't in the tree.
PLACES_OF_A_RUN = re.compile(r"^(\./)?(data|build)(/|$)")


def tracked_files():
    output = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True,
                            text=True)
    return [name for name in output.stdout.split("\n") if name]


def below(document, path, names):
    """Whether a file of the document's folder, or of the tests of that folder, ends in the path."""
    folder = os.path.dirname(document)
    return any(name.endswith("/" + path) and name.startswith((folder + "/", f"tests/{folder}/")) for name in names)


def missing_files(name, text, names):
    """Paths in backticks, from the root or from the document's own folder."""
    for word in CODE.findall(BLOCK.sub("", text)):
        path = word.split()[0].rstrip("/:,")
        looks_like_path = re.fullmatch(r"[\w./-]+", path) and ("/" in path or re.search(r"\.(md|cc|h|py|sh|conf|capnp|js)$", path))
        if not looks_like_path or PLACES_OF_A_RUN.match(path) or path.startswith("/"):
            continue
        here = os.path.dirname(os.path.join(ROOT, name))
        if not any(os.path.exists(os.path.join(base, path)) for base in (ROOT, here)) and not below(name, path, names):
            yield f"{name} names {path}, which isn't there"


def shell_lines(text):
    for language, block in BLOCK.findall(text):
        if language == "sh":
            yield from (line.split("#")[0].strip() for line in block.split("\n") if line.split("#")[0].strip())


def understood(command):
    """Whether --help of the command's verb works and lists the flags that the document uses."""
    words = command.split()
    verb = [word for word in words[1:2] if not word.startswith("-")]
    result = subprocess.run([os.path.join(ROOT, words[0]), *verb, "--help"], cwd=ROOT, capture_output=True, text=True,
                            timeout=20, check=False)
    if result.returncode != 0:
        return f"{words[0]} {' '.join(verb)} --help fails"
    for flag in re.findall(r"(?<=\s)--[\w-]+", command):
        if flag.replace("-", "_") not in result.stdout.replace("-", "_"):
            return f"{flag} is not in its --help"
    return None


def wrong_commands(name, text):
    commands = list(shell_lines(text)) + [word for word in CODE.findall(text) if word.startswith(("./run", "build/keyzone"))]
    for command in dict.fromkeys(commands):
        if command.startswith("./test"):
            continue
        first = command.split()[0]
        if first in ("./run", "build/keyzone"):
            if first == "build/keyzone" and not os.path.exists(PROGRAM):
                continue
            problem = understood(command)
            if problem:
                yield f"{name}: {command}: {problem}"


def unknown_keys(name, text):
    """The table under "Configuration" names keys that the reader knows."""
    section = re.search(r"^## Configuration\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if not section:
        return
    with open(os.path.join(ROOT, "config", "keys.cc"), encoding="utf-8") as file:
        known = set(re.findall(r'"([a-z_]+)"', file.read()))
    for row in re.findall(r"^\| (.*?) \|", section.group(1), re.MULTILINE):
        for key in CODE.findall(row):
            if key not in known:
                yield f"{name}: there is no key {key}"


def main():
    failed = 0
    files = tracked_files()
    names = [name for name in files if name.endswith(".md")]
    for name in names:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        problems = list(missing_files(name, text, files)) + list(wrong_commands(name, text)) + list(unknown_keys(name, text))
        failed += bool(problems)
        for problem in problems:
            print(problem)
    print(f"documents: {len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
