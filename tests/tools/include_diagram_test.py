"""Checks the shape of the tree: who includes whom (the diagram in ARCHITECTURE.md), how long files are, and that the
planted bugs can still be planted."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES_MAX = 600

BELOW_ACTORS = {"schema", "net", "cql", "raft", "storage"}
# What each folder may include, besides itself. tests/ and main.cc may include everything.
MAY_INCLUDE = {
    "schema": set(),
    "config": set(),
    "net": {"schema"},
    "cql": {"schema"},
    "raft": {"schema"},
    "storage": {"schema"},
    "actors": BELOW_ACTORS,
    "sim": BELOW_ACTORS | {"actors"},
}
# Libraries that belong to one folder; the others must not see them.
OWNED_LIBRARIES = {
    "leveldb/": {"storage", "sim"},
    "caf/": {"actors", "sim"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)
SOURCE = (".cc", ".h", ".y", ".re", ".capnp", ".py", ".js", ".go", ".java", ".rs", ".sh")


def tracked_files():
    output = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                            capture_output=True)
    return [name for name in output.stdout.decode().split("\0") if name and os.path.isfile(os.path.join(ROOT, name))]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def include_problems(name, text):
    folder = name.split("/")[0]
    if folder not in MAY_INCLUDE:
        return
    for included in INCLUDE.findall(text):
        target = included.split("/")[0]
        if target in (set(MAY_INCLUDE) | {"tests"}) - {folder} - MAY_INCLUDE[folder]:
            yield f"{name} includes {included}, but {folder}/ may not include {target}/"
        for library, owners in OWNED_LIBRARIES.items():
            if included.startswith(library) and folder not in owners:
                yield f"{name} includes {included}, which belongs to {'/, '.join(sorted(owners))}/"


def length_problems(name, text):
    lines = text.count("\n")
    if lines > LINES_MAX and "/data/" not in name:
        yield f"{name} has {lines} lines; {LINES_MAX} is the most"


def readme_problems(names):
    for folder in MAY_INCLUDE:
        if any(name.startswith(folder + "/") for name in names) and folder + "/README.md" not in names:
            yield f"{folder}/ has no README.md that says what it owns"


def mutant_problems(name):
    """A planted bug of another day's run would be found not to fit only then."""
    command = ["patch", "-p1", "--dry-run", "--force", "--silent", "-i", os.path.join(ROOT, name)]
    if subprocess.run(command, cwd=ROOT, capture_output=True).returncode != 0:
        yield f"{name} doesn't fit the sources any more"


def main():
    names = tracked_files()
    sources = [name for name in names if name.endswith(SOURCE) or name in ("run", "test")]
    problems = list(readme_problems(set(names)))
    bad_files = len(problems)
    for name in sources:
        text = read(name)
        found = list(include_problems(name, text)) + list(length_problems(name, text))
        bad_files += bool(found)
        problems += found
    mutants = [name for name in names if name.startswith("tests/mutants/") and name.endswith(".patch")]
    for name in mutants:
        found = list(mutant_problems(name))
        bad_files += bool(found)
        problems += found
    for problem in problems:
        print(problem)
    print(f"tree: {len(sources) + len(mutants) - bad_files} passed, {bad_files} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
