"""Schema changes from several nodes at once, while rows are read and written."""
import os
import struct
import sys
import threading

from cluster import PORT, Cluster

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cql"))
from wire import Wire, rows_of  # noqa: E402

COLUMNS_PER_NODE = 8
TABLES = 6
ROWS = 20
TABLES_MADE_OFTEN = 40
CLIENTS_PER_NODE = 2
BARRIER_SECONDS_MAX = 60


def wire_to(host):
    wire = Wire(host, PORT, version=5)
    wire.start()
    return wire


def said(frame):
    """The error's text, or None."""
    frame.reader.at = frame.start
    if frame.opcode != 0x00:
        return None
    frame.reader.int()
    return frame.reader.string()


def adds_columns(host, number, errors):
    wire = wire_to(host)
    for i in range(COLUMNS_PER_NODE):
        problem = said(wire.query(f"ALTER TABLE ks.t ADD c_{number}_{i} int"))
        if problem:
            errors.append(f"{host}: {problem}")


def creates_tables(host, made, errors):
    wire = wire_to(host)
    for i in range(TABLES):
        problem = said(wire.query(f"CREATE TABLE ks.same_{i} (k int PRIMARY KEY)"))
        if not problem:
            made.append(i)
        elif "already existing table" not in problem:
            errors.append(f"{host}: {problem}")


class Reader:
    """Reads rows with the columns that it got when it prepared, as drivers do."""

    def __init__(self, host):
        self.wire, self.rows, self.prepared_again, self.told = wire_to(host), 0, 0, 0
        self.prepare()

    def prepare(self):
        self.statement = self.wire.prepare("SELECT * FROM ks.t WHERE k = ?")
        self.columns = [name for _, _, name, _ in self.statement.results.columns]

    def read(self, key):
        frame = self.wire.execute(self.statement, values=[struct.pack(">i", key)], skip=True)
        problem = said(frame)
        if problem:
            assert "not found" in problem, problem
            self.prepared_again += 1
            return self.prepare()
        frame.reader.at = frame.start
        metadata, rows = rows_of(frame)
        if metadata.new_id is not None:
            self.told += 1
            self.statement.metadata_id = metadata.new_id
            self.columns = [name for _, _, name, _ in metadata.columns]
        assert metadata.count == len(self.columns), "a row has other columns than its reader was told of"
        for row in rows:
            found = dict(zip(self.columns, row))
            assert found["v"] == b"row %d" % key, f"row {key} was read as {found}"
            assert all(value is None for name, value in found.items() if name.startswith("c_")), found
        self.rows += len(rows)


def reads_rows(host, stop, readers, errors):
    try:
        reader = Reader(host)
        readers.append(reader)
        while not stop.is_set():
            for key in range(ROWS):
                reader.read(key)
    except Exception as problem:  # pylint: disable=broad-except
        errors.append(f"{host}: {problem!r}")


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def columns_at(host):
    _, rows = rows_of(wire_to(host).query("SELECT column_name FROM system_schema.columns WHERE keyspace_name = 'ks' "
                                          "AND table_name = 't'"))
    return sorted(row[0].decode() for row in rows)


def schema_changes_have_one_order(directory):
    with Cluster(directory) as cluster:
        hosts = list(cluster.hosts())
        first = wire_to(hosts[0])
        first.query("CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}")
        first.query("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
        for key in range(ROWS):
            assert not said(first.query(f"INSERT INTO ks.t (k, v) VALUES ({key}, 'row {key}')"))
        errors, made, readers, stop = [], [], [], threading.Event()
        traffic = [threading.Thread(target=reads_rows, args=(host, stop, readers, errors)) for host in hosts]
        for thread in traffic:
            thread.start()
        run_all([threading.Thread(target=adds_columns, args=(host, number, errors)) for number, host in enumerate(hosts)] +
                [threading.Thread(target=creates_tables, args=(host, made, errors)) for host in hosts])
        stop.set()
        for thread in traffic:
            thread.join()
        assert not errors, errors
        assert sorted(made) == list(range(TABLES)), f"each table is made once: {made}"
        wanted = sorted(["k", "v"] + [f"c_{n}_{i}" for n in range(len(hosts)) for i in range(COLUMNS_PER_NODE)])
        for host in hosts:
            assert columns_at(host) == wanted, f"{host}: {columns_at(host)}"
        assert all(reader.rows > 0 for reader in readers)
        assert any(reader.prepared_again + reader.told for reader in readers), "no reader met a change"


def makes_tables(host, others, together, errors):
    """Makes sure of each table, at the same time as the others, and then asks another node for it."""
    try:
        here, elsewhere = wire_to(host), [wire_to(other) for other in others]
        for i in range(TABLES_MADE_OFTEN):
            if_not_exists = "IF NOT EXISTS " if i % 4 else ""
            together.wait(BARRIER_SECONDS_MAX)
            problem = said(here.query(f"CREATE TABLE {if_not_exists}ks.often_{i} (k int PRIMARY KEY)"))
            if problem and "already existing table" not in problem:
                errors.append(f"{host}: {problem}")
            problem = said(elsewhere[i % len(elsewhere)].query(f"TRUNCATE ks.often_{i}"))
            if problem:
                errors.append(f"{others[i % len(others)]}, after {host} had it: {problem}")
    except Exception as problem:  # pylint: disable=broad-except
        errors.append(f"{host}: {problem!r}")


def a_table_that_one_node_has_is_on_every_node(directory):
    with Cluster(directory) as cluster:
        clients = list(cluster.hosts()) * CLIENTS_PER_NODE
        wire_to(clients[0]).query(
            "CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}")
        errors, together = [], threading.Barrier(len(clients))
        run_all([threading.Thread(target=makes_tables,
                                  args=(host, sorted(set(clients) - {host}), together, errors)) for host in clients])
        assert not errors, errors


CASES = [schema_changes_have_one_order, a_table_that_one_node_has_is_on_every_node]
