"""What people do with cqlsh first: look around, describe, copy in and out, page, trace."""
import csv
import os
import re
import subprocess
import sys
import tempfile
import traceback

HOSTS = os.environ["KEYZONE_HOSTS"].split(",")
PORT = os.environ["KEYZONE_PORT"]
DATA_CENTER = os.environ["KEYZONE_DC"]
REPLICAS = os.environ["KEYZONE_REPLICAS"]
KEYSPACE = "driver_cqlsh"
SECONDS_MAX = 60

SCHEMA = f"""
DROP KEYSPACE IF EXISTS {KEYSPACE};
CREATE KEYSPACE {KEYSPACE} WITH replication = {{'class': 'NetworkTopologyStrategy', '{DATA_CENTER}': {REPLICAS}}};
USE {KEYSPACE};
CREATE TYPE place (name text, height int);
CREATE TABLE people (id int, at timestamp, name text, tags set<text>, notes map<text, text>, home frozen<place>,
    fixed text static, scores list<double>, PRIMARY KEY (id, at))
    WITH CLUSTERING ORDER BY (at DESC) AND comment = 'who lives here';
INSERT INTO people (id, at, name, tags, notes, home, fixed, scores)
    VALUES (1, '2024-01-01 00:00:00+0000', 'Ada "the" Lovelace, née Byron', {{'a', 'b'}}, {{'k': 'it''s'}},
            {{name: 'London', height: 11}}, 'f', [1.5, -2]);
INSERT INTO people (id, at) VALUES (2, '2024-01-02 00:00:00+0000');
"""

# cqlsh says so when its own version and the server's differ in the last place.
VERSION_WARNING = re.compile(r"WARNING: cqlsh was built against .*\n")

CASES = []


def case(function):
    CASES.append(function)
    return function


def cqlsh(text, host=None, code=0, arguments=()):
    """Runs the statements in one cqlsh; gives what it printed."""
    result = subprocess.run(["cqlsh", host or HOSTS[0], PORT, "--no-color", *arguments], input=text, text=True,
                            capture_output=True, timeout=SECONDS_MAX, check=False,
                            env=dict(os.environ, HOME=tempfile.gettempdir(), LC_ALL="C.UTF-8"))
    output = VERSION_WARNING.sub("", result.stdout + result.stderr)
    assert result.returncode == code, f"exit code {result.returncode}: {output}"
    return output


def in_keyspace(text, **changes):
    return cqlsh(f"USE {KEYSPACE};\n{text}", **changes)


def expect(output, *patterns):
    for pattern in patterns:
        assert re.search(pattern, output), f"{pattern!r} is not in:\n{output[:2000]}"


@case
def connects_to_every_node():
    for host in HOSTS:
        output = cqlsh("SHOW VERSION; SHOW HOST; SELECT rpc_address FROM system.local;", host=host)
        expect(output, r"cqlsh 6\.\d", r"CQL spec 3\.4\.\d", r"Native protocol v5", re.escape(host))


@case
def creates_schema():
    output = cqlsh(SCHEMA)
    assert "Error" not in output and "<stdin>" not in output, output


@case
def selects():
    output = in_keyspace("SELECT * FROM people WHERE id = 1;")
    expect(output, r"id \| at +\| fixed \| home", r'Ada "the" Lovelace, née Byron', r"\{'a', 'b'\}", r"\(1 rows\)",
           r"\{name: 'London', height: 11\}", r"\[1\.5, -2\]")
    expect(in_keyspace("EXPAND ON; SELECT id, name FROM people WHERE id = 2;"), r"@ Row 1", r"name \| null")
    expect(in_keyspace("SELECT JSON id, tags FROM people WHERE id = 1;"), r'\{"id": 1, "tags": \["a", "b"\]\}')


@case
def describes():
    expect(cqlsh("DESCRIBE KEYSPACES;"), rf"\b{KEYSPACE}\b", r"\bsystem_schema\b", r"\bsystem\b")
    expect(cqlsh("DESCRIBE CLUSTER;"), r"Cluster: ", r"Murmur3Partitioner")
    expect(in_keyspace("DESCRIBE TABLES;"), r"\bpeople\b")
    expect(in_keyspace("DESCRIBE TYPES;"), r"\bplace\b")
    expect(in_keyspace("DESCRIBE TYPE place;"), rf"CREATE TYPE {KEYSPACE}\.place \(\n +name text,\n +height int\n\);")
    table = in_keyspace("DESCRIBE TABLE people;")
    expect(table, rf"CREATE TABLE {KEYSPACE}\.people \(", r"fixed text static", r"home frozen<place>",
           r"PRIMARY KEY \(id, at\)", r"CLUSTERING ORDER BY \(at DESC\)", r"comment = 'who lives here'")
    whole = cqlsh(f"DESCRIBE KEYSPACE {KEYSPACE};")
    expect(whole, rf"CREATE KEYSPACE {KEYSPACE} WITH replication = \{{'class': '.*NetworkTopologyStrategy'",
           r"CREATE TYPE", r"CREATE TABLE")
    expect(cqlsh("DESCRIBE SCHEMA;"), rf"CREATE TABLE {KEYSPACE}\.people")
    expect(cqlsh("DESCRIBE TABLE nowhere.nothing;", code=2), r"nowhere|nothing")


@case
def what_describe_says_can_be_run_again():
    ddl = cqlsh(f"DESCRIBE KEYSPACE {KEYSPACE};").replace(KEYSPACE, KEYSPACE + "_again")
    cqlsh(f"DROP KEYSPACE IF EXISTS {KEYSPACE}_again;")
    cqlsh(ddl)
    again = cqlsh(f"DESCRIBE KEYSPACE {KEYSPACE}_again;")
    cqlsh(f"DROP KEYSPACE {KEYSPACE}_again;")
    assert again == ddl, f"described as\n{ddl}\nand then as\n{again}"


@case
def copies_out_and_in():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "out.csv")
        expect(in_keyspace(f"COPY people TO '{path}' WITH HEADER = TRUE;"), r"2 rows exported to 1 files")
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, escapechar="\\", doublequote=False))
        assert sorted(row["id"] for row in rows) == ["1", "2"], rows
        before = in_keyspace("SELECT * FROM people;")
        expect(in_keyspace(f"TRUNCATE people; SELECT count(*) FROM people; COPY people FROM '{path}' WITH HEADER = TRUE;"),
               r"\n +0\n", r"2 rows imported from 1 files")
        assert in_keyspace("SELECT * FROM people;") == before


@case
def copies_many_rows():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "many.csv")
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([number, f"value {number}"] for number in range(5000))
        output = in_keyspace(f"CREATE TABLE many (k int PRIMARY KEY, v text); COPY many (k, v) FROM '{path}';")
        expect(output, r"5000 rows imported from 1 files in .* \(0 skipped\)")
        expect(in_keyspace("SELECT count(*) FROM many;"), r"\b5000\b")
        out = os.path.join(directory, "out.csv")
        expect(in_keyspace(f"COPY many TO '{out}';"), r"5000 rows exported")
        with open(out, encoding="utf-8", newline="") as file:
            assert sorted(int(row[0]) for row in csv.reader(file)) == list(range(5000))


@case
def pages():
    output = in_keyspace("PAGING 100; SELECT k FROM many LIMIT 450;")
    expect(output, r"Page size: 100", r"\(450 rows\)")
    expect(in_keyspace("PAGING OFF; SELECT k FROM many;"), r"PAGING set to OFF", r"\(5000 rows\)")


@case
def consistency_and_tracing():
    output = in_keyspace("CONSISTENCY QUORUM; SERIAL CONSISTENCY LOCAL_SERIAL; CONSISTENCY; "
                         "INSERT INTO many (k, v) VALUES (-1, 'x') IF NOT EXISTS; SELECT v FROM many WHERE k = -1;")
    expect(output, r"Consistency level set to QUORUM", r"Current consistency level is QUORUM", r"\[applied\]", r"\bx\b")
    expect(in_keyspace("TRACING ON; SELECT v FROM many WHERE k = -1; TRACING OFF;"), r"TRACING set to ON", r"\n +x\n")


@case
def errors_are_told():
    expect(cqlsh("SELEC 1;", code=2), r"SyntaxException: line 1:0 no viable alternative|SyntaxException")
    expect(in_keyspace("SELECT * FROM nothing;", code=2), r"InvalidRequest: .*code=2200.*nothing")
    expect(in_keyspace("INSERT INTO many (k, v) VALUES ('text', 'x');", code=2), r"code=2200.*Invalid STRING constant")
    expect(cqlsh("USE nowhere;", code=2), r"Keyspace 'nowhere' does not exist")


@case
def runs_a_statement_and_a_file():
    expect(cqlsh("", arguments=["-e", f"SELECT name FROM {KEYSPACE}.people WHERE id = 1"]), r"Lovelace")
    with tempfile.NamedTemporaryFile("w", suffix=".cql") as file:
        file.write("-- a comment\nSELECT id FROM people;\n/* another */ SELECT id FROM people LIMIT 1;")
        file.flush()
        expect(cqlsh("", arguments=["-k", KEYSPACE, "-f", file.name]), r"\(2 rows\)[\s\S]*\(1 rows\)")
        expect(in_keyspace(f"SOURCE '{file.name}'\n"), r"\(2 rows\)")


def main(words):
    passed = failed = 0
    for function in CASES:
        if words and not any(word in function.__name__ for word in words):
            continue
        try:
            function()
            passed += 1
            print(f"ok {function.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED {function.__name__}\n{traceback.format_exc()}", flush=True)
    cqlsh(f"DROP KEYSPACE IF EXISTS {KEYSPACE};")
    print(f"cqlsh: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
