"""`keyzone dev` and ./run, as a person starts them."""
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from cassandra import InvalidRequest, ReadFailure
from cassandra.query import BatchStatement, BatchType
from cluster import PROGRAM, ROOT
from helpers import connect, cpu_seconds, resident_mib

DEV_PORT = 9642
HEALTH_PORT = 9643
RUN_PORT = 9742
RUN_STORAGE_PORT = 17742
DEV_READY_SECONDS_MAX = 1.0
DEV_RESIDENT_MIB_MAX = 100
RUN_READY_SECONDS_MAX = 5
RUN_STOP_SECONDS_MAX = 6  # a node's patience is 2, and run's with a node 10
STOP_SECONDS_MAX = 10
DEV_RESTARTS = 8
BUSY_STOPS = 5


class Foreground:
    """A program in the foreground whose lines can be waited for."""

    def __init__(self, command, **environment):
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                                        stdin=subprocess.DEVNULL, env=dict(os.environ, **environment))
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_line(self, pattern, seconds=30):
        """The seconds from the start to the line."""
        deadline = time.monotonic() + seconds
        while True:
            for line in list(self.lines):
                if re.search(pattern, line):
                    return time.monotonic() - self.started
            ended = self.process.poll() is not None and not self.reader.is_alive()
            assert not ended and time.monotonic() < deadline, f"no line {pattern!r} in:\n" + "\n".join(self.lines[-20:])
            time.sleep(0.01)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS_MAX)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def dev(directory, *flags):
    return Foreground([PROGRAM, "dev", "--port", str(DEV_PORT), "--http_port", str(HEALTH_PORT),
                       "--data", os.path.join(directory, "data"), *flags])


def dev_is_ready_soon_and_small(directory):
    script = os.path.join(directory, "init.cql")
    with open(script, "w", encoding="utf-8") as file:
        file.write("-- what the application expects\n"
                   "CREATE KEYSPACE app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};\n"
                   "CREATE TABLE app.t (k int PRIMARY KEY, v text); INSERT INTO app.t (k, v) VALUES (1, 'a;b');\n")
    with dev(directory, "--memory") as one:
        seconds = one.wait_line("^ready")
        mib = resident_mib(one.process.pid)
        print(f"    ready after {seconds:.2f} s, {mib:.0f} MiB resident")
        assert seconds < DEV_READY_SECONDS_MAX, f"ready after {seconds:.2f} s"
        assert mib < DEV_RESIDENT_MIB_MAX, f"{mib:.0f} MiB resident"
    with dev(directory, "--memory", "--init", script) as one:
        one.wait_line("^ready")
        session = connect(["127.0.0.1"], DEV_PORT)
        assert session.execute("SELECT v FROM app.t WHERE k = 1").one().v == "a;b"
        assert len(session.cluster.metadata.all_hosts()) == 1, "drivers see one node"
        assert session.execute("SELECT data_center FROM system.local").one().data_center == "datacenter1"
        with urllib.request.urlopen(f"http://127.0.0.1:{HEALTH_PORT}/health", timeout=5) as answer:
            assert answer.status == 200
        assert one.stop() == 0


def dev_keeps_its_data(directory):
    with dev(directory) as one:
        one.wait_line("^ready")
        session = connect(["127.0.0.1"], DEV_PORT)
        session.execute("CREATE KEYSPACE app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.execute("CREATE TABLE app.t (k int PRIMARY KEY)")
        session.execute("INSERT INTO app.t (k) VALUES (42)")
        one.process.kill()
        one.process.wait()
    for _ in range(DEV_RESTARTS):  # the three nodes find each other in another order each time
        with dev(directory) as one:
            one.wait_line("^ready")
            assert connect(["127.0.0.1"], DEV_PORT).execute("SELECT k FROM app.t").one().k == 42
            one.process.kill()
            one.process.wait()


def dev_stops_in_good_order_while_clients_ask(_):
    """Bytes that come while sessions end reach nobody."""
    ask = [PROGRAM, "bench", "--host", "127.0.0.1", "--port", str(DEV_PORT), "--op", "read", "--rows", "1000",
           "--connections", "32", "--in-flight", "64", "--seconds", "60"]
    for stop in range(BUSY_STOPS):
        with Foreground([PROGRAM, "dev", "--memory", "--port", str(DEV_PORT)]) as server:
            server.wait_line("ready")
            with Foreground(ask) as client:
                client.wait_line(r"^read +1 s")
                code = server.stop()
                assert code == 0, f"stop {stop + 1} ended with {code}:\n" + "\n".join(server.lines[-20:])


def dev_keeps_its_limits(directory):
    """Keys of a node that clients feel."""
    flags = ["--memory", "--native_transport_max_frame_size", "64KiB", "--batch_size_warn_threshold", "200B",
             "--batch_size_fail_threshold", "1KiB", "--tombstone_warn_threshold", "3",
             "--tombstone_failure_threshold", "5",
             "--heartbeat_interval", "20ms", "--election_timeout", "60ms"]  # shorter than a replica's ticks
    with dev(directory, *flags) as one:
        one.wait_line("^ready")
        session = connect(["127.0.0.1"], DEV_PORT)
        session.execute("CREATE KEYSPACE app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.execute("CREATE TABLE app.t (k int PRIMARY KEY, v text)")
        insert = session.prepare("INSERT INTO app.t (k, v) VALUES (?, ?)")

        def batch_of(size):
            batch = BatchStatement(batch_type=BatchType.UNLOGGED)
            for k in (1, 2):
                batch.add(insert, (k, "x" * (size // 2)))
            future = session.execute_async(batch)
            future.result()
            return future.warnings or []
        assert not batch_of(20)
        assert any("exceeding specified threshold of 200 by" in warning for warning in batch_of(300)), batch_of(300)
        assert refusal(lambda: batch_of(2000)) == "Batch too large"
        said = refusal(lambda: session.execute(insert, (1, "x" * 70_000)))
        assert re.fullmatch("CQL Message of size 70[0-9]+ bytes exceeds allowed maximum of 65536 bytes", said), said
        assert session.execute("SELECT v FROM app.t WHERE k = 1").one().v == "x" * 150, "the connection goes on"
        limits_of_tombstones(session)


def limits_of_tombstones(session):
    """Three are read in silence, of four a warning tells, more than five fail the read."""
    session.execute("CREATE TABLE app.dead (k int, c int, PRIMARY KEY (k, c))")
    read = "SELECT * FROM app.dead WHERE k = 1"

    def warnings():
        future = session.execute_async(read)
        assert not list(future.result())
        return future.warnings or []
    session.execute("DELETE FROM app.dead WHERE k = 1 AND c IN (1, 2, 3)")
    assert warnings() == []
    session.execute("DELETE FROM app.dead WHERE k = 1 AND c = 4")
    assert warnings() == [f"Read 0 live rows and 4 tombstone cells for query {read} LIMIT 5000 ALLOW FILTERING; "
                          "token -4069959284402364209 (see tombstone_warn_threshold)"]
    session.execute("DELETE FROM app.dead WHERE k = 1 AND c IN (5, 6)")
    try:
        session.execute(read)
    except ReadFailure as error:
        assert "READ_TOO_MANY_TOMBSTONES" in str(error) and list(error.error_code_map.values()) == [1], error
    else:
        raise AssertionError("it was not refused")
    session.execute("DELETE FROM app.dead WHERE k = 1")
    assert warnings() == [], "one tombstone covers them all"


def refusal(action):
    try:
        action()
    except InvalidRequest as error:
        return re.search('message="(.*)"', str(error)).group(1)
    raise AssertionError("it was not refused")


def dev_speaks_as_keyspaces_does(directory):
    with dev(directory, "--memory", "--dialect", "keyspaces") as one:
        one.wait_line("^ready")
        session = connect(["127.0.0.1"], DEV_PORT)
        assert session.cluster.protocol_version == 4, session.cluster.protocol_version
        local = session.execute("SELECT release_version, native_protocol_version FROM system.local").one()
        assert (local.release_version, local.native_protocol_version) == ("3.11.2", "4"), local


def dev_shows_three_nodes(directory):
    with dev(directory, "--memory") as one:
        one.wait_line("^ready")
        shown = subprocess.run([PROGRAM, "status", "--port", str(DEV_PORT)], capture_output=True, text=True, check=True).stdout
        assert len(set(re.findall(r"127\.0\.0\.1:\d+", shown))) == 3, shown
        subprocess.run([PROGRAM, "status", "--port", str(DEV_PORT), "--wait", "10"], check=True)
        rows = list(connect(["127.0.0.1"], DEV_PORT).execute("SELECT cpu_time_us FROM system_views.keyzone_nodes"))
        used = sum(row.cpu_time_us for row in rows)
        assert used <= cpu_seconds(one.process.pid) * 1e6 + 20_000, "more than the process has used"


def run_cluster(directory, *flags):
    seeds = ",".join(f"127.0.0.{node}:{RUN_STORAGE_PORT}" for node in (1, 2, 3))
    return Foreground([os.path.join(ROOT, "run"), "--data", directory, *flags], KEYZONE_SEEDS=seeds,
                      KEYZONE_STORAGE_PORT=str(RUN_STORAGE_PORT), KEYZONE_NATIVE_TRANSPORT_PORT=str(RUN_PORT))


def nothing_listens():
    for node in (1, 2, 3):
        with socket.socket() as probe:
            if probe.connect_ex((f"127.0.0.{node}", RUN_PORT)) == 0:
                return False
    return True


def run_starts_keeps_and_stops(directory):
    data = os.path.join(directory, "data")
    hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    with run_cluster(data) as one:
        one.wait_line("^ready", 120)
        session = connect(hosts, RUN_PORT)
        session.execute("CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}")
        session.execute("CREATE TABLE kept.t (k int PRIMARY KEY)")
        session.execute("INSERT INTO kept.t (k) VALUES (42)")
        with open(os.path.join(data, "az2", "keyzone.pid"), encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGKILL)
        one.wait_line("az2 has stopped")
        one.wait_line(r"^  \S+keyzone node --config \S+az2.conf")
        command = next(line.strip() for line in one.lines if "keyzone node --config" in line)
        assert session.execute("SELECT k FROM kept.t").one().k == 42, "the others go on"
        seeds = ",".join(f"127.0.0.{node}:{RUN_STORAGE_PORT}" for node in (1, 2, 3))
        with Foreground(["sh", "-c", f"exec {command}"], KEYZONE_SEEDS=seeds, KEYZONE_STORAGE_PORT=str(RUN_STORAGE_PORT),
                        KEYZONE_NATIVE_TRANSPORT_PORT=str(RUN_PORT)) as again:
            one.wait_line("az2 is back")
            stopping = time.monotonic()
            assert one.stop() == 0
            seconds = time.monotonic() - stopping
            assert seconds < RUN_STOP_SECONDS_MAX, f"stopped after {seconds:.1f} s: it waited for one that had ended"
            again.process.wait(STOP_SECONDS_MAX)
    assert nothing_listens(), "something is left running"
    with run_cluster(data) as one:
        seconds = one.wait_line("^ready")
        print(f"    with everything built, ready after {seconds:.1f} s")
        assert seconds < RUN_READY_SECONDS_MAX, f"ready after {seconds:.1f} s"
        assert connect(hosts, RUN_PORT).execute("SELECT k FROM kept.t").one().k == 42
        with run_cluster(os.path.join(directory, "other")) as other:
            assert other.process.wait(30) == 1, "a second cluster on the same port"
            other.reader.join()
            assert len(other.lines) == 1 and str(RUN_PORT) in other.lines[0], other.lines
        assert connect(hosts, RUN_PORT).execute("SELECT k FROM kept.t").one().k == 42, "the first goes on"
    with run_cluster(data, "--fresh") as one:
        one.wait_line("^ready")
        assert "kept" not in connect(hosts, RUN_PORT).cluster.metadata.keyspaces, "--fresh starts empty"
    assert nothing_listens()


CASES = [dev_is_ready_soon_and_small, dev_keeps_its_limits, dev_speaks_as_keyspaces_does, dev_shows_three_nodes, dev_keeps_its_data,
         dev_stops_in_good_order_while_clients_ask, run_starts_keeps_and_stops]
