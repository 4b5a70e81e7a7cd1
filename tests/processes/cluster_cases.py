"""Three nodes that are stopped, killed, emptied and filled up."""
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter

from cassandra import ConsistencyLevel, Unavailable
from cassandra.protocol import TruncateError
from cassandra.query import BatchStatement, BatchType, SimpleStatement
from cluster import STORAGE_PORT, Cluster
from helpers import (KEYSPACE, connect, connect_one, cpu_seconds, keys, make_table, nodes_connected, status, wait_until,
                     write_rows)

STOP_SECONDS_MAX = 3
IDLE_TABLETS = 1002
IDLE_CORE_SHARE_MAX = 0.03
IDLE_WINDOW_SECONDS = 10
IDLE_WINDOWS_MAX = 6
DISK_MIB = 400
BATCHES = 600
BATCH_PARTS = 4
BATCHES_BEFORE = 5   # are answered before node 3 dies
STALL_SECONDS = 0.2  # without an answer; the others take longer to elect leaders
BATCH_ATTEMPTS = 5


def stops_in_time(directory):
    with Cluster(directory) as cluster:
        session = connect(cluster.hosts())
        make_table(session)
        write_rows(session, 0, 100)
        for node in (1, 2, 3):
            seconds = cluster.stop(node)
            assert seconds < STOP_SECONDS_MAX, f"node {node} took {seconds:.1f} s to stop"
            started = time.monotonic()
            write_rows(session, 100 * node, 100 * node + 100)
            assert time.monotonic() - started < 5, "writes waited for a node that had left in good order"
            cluster.start(node)
            cluster.wait_ready(node)
            wait_until(lambda: nodes_connected(session) == 3, "the driver is back at the node")
        assert keys(session) == list(range(400))


def survives_all_three_killed(directory):
    with Cluster(directory) as cluster:
        session = connect(cluster.hosts())
        make_table(session)
        write_rows(session, 0, 2000)
        for node in (1, 2, 3):
            cluster.signal(node, signal.SIGKILL)
        for node in (1, 2, 3):
            cluster.kill(node)
            cluster.start(node)
        cluster.wait_ready()
        assert keys(connect(cluster.hosts())) == list(range(2000))


def truncate_waits_as_long_as_it_is_told(directory):
    with Cluster(directory, flags=["--truncate_request_timeout", "300ms"]) as cluster:
        session = connect_one(cluster.hosts()[0])
        make_table(session)
        for node in (2, 3):
            cluster.signal(node, signal.SIGSTOP)  # still counted as alive for a moment, and silent
        try:
            session.execute("TRUNCATE t")
            assert False, "TRUNCATE was answered by one replica of three"
        except TruncateError as error:
            assert re.search("Error during truncate: Truncate timed out - received only [0-6] responses", str(error)), error
        for node in (2, 3):
            cluster.signal(node, signal.SIGCONT)


def status_shows_who_is_there(directory):
    with Cluster(directory) as cluster:
        cluster.kill(3)
        up, down = {"127.0.0.1": "UN", "127.0.0.2": "UN"}, {"127.0.0.3": "DN"}
        for host in ("127.0.0.1", "127.0.0.2"):
            wait_until(lambda host=host: status(host)[1] == {**up, **down}, f"{host} says that node 3 is down")
        cluster.start(3)
        wait_until(lambda: status("127.0.0.3")[1] == {**up, "127.0.0.3": "UN"}, "node 3 is back")
        assert "az3" in status("127.0.0.1")[0]


def levels_count_the_replicas_that_are_there(directory):
    """With a zone down, ALL and THREE are refused, and say how many replicas there are; the others are answered."""
    with Cluster(directory) as cluster:
        session = connect_one(cluster.hosts()[0])
        make_table(session)
        write_rows(session, 0, 10)
        cluster.kill(3)
        wait_until(lambda: status("127.0.0.1")[1]["127.0.0.3"] == "DN", "node 3 is down")
        for text in ("INSERT INTO t (k, v) VALUES (1, 'y')", "INSERT INTO t (k, v) VALUES (1, 'y') IF NOT EXISTS",
                     "SELECT v FROM t WHERE k = 1", "SELECT k FROM t"):
            for level in ("ONE", "TWO", "QUORUM", "LOCAL_ONE", "LOCAL_QUORUM"):
                session.execute(at_level(text, level))
            for level in ("THREE", "ALL"):
                try:
                    session.execute(at_level(text, level))
                    assert False, f"{text} at {level} was answered by two replicas"
                except Unavailable as error:
                    told = (error.consistency, error.required_replicas, error.alive_replicas)
                    assert told == (getattr(ConsistencyLevel, level), 3, 2), told


def at_level(text, level):
    return SimpleStatement(text, consistency_level=getattr(ConsistencyLevel, level))


def empty_a_disk(cluster):
    """That of node 2, which starts again, and has to get its rows from its peers."""
    session = connect(cluster.hosts())
    make_table(session)
    write_rows(session, 0, 5000, "y" * 200)
    cluster.kill(2)
    shutil.rmtree(cluster.data(2))
    write_rows(session, 5000, 6000)
    cluster.start(2)
    cluster.wait_ready(2)


def an_empty_disk_is_filled_again(directory):
    with Cluster(directory) as cluster:
        empty_a_disk(cluster)
        # When node 2 counts again, it and node 3 are a majority that has everything.
        deadline = time.monotonic() + 60
        while True:
            cluster.kill(1)
            try:
                found = keys(connect(["127.0.0.2", "127.0.0.3"], seconds=5))
            except Exception:  # pylint: disable=broad-except
                found = None
            cluster.start(1)
            cluster.wait_ready(1)
            if found is not None:
                break
            assert time.monotonic() < deadline, "node 2 does not count as a replica again"
            time.sleep(2)
        assert found == list(range(6000)), f"{len(found)} rows on nodes 2 and 3"


def stops_in_good_order_after_filling_a_peer(directory):
    """Whoever gives a snapshot keeps its place in it for a while."""
    with Cluster(directory) as cluster:
        empty_a_disk(cluster)
        filled = "SELECT data_bytes FROM system_views.keyzone_nodes WHERE name = '127.0.0.2:{}'".format(STORAGE_PORT)
        wait_until(lambda: (connect_one("127.0.0.1").execute(filled).one() or [0])[0] > 100_000, "node 2 has the rows")
        for node in (1, 3):
            cluster.stop(node)
            left = os.path.exists(os.path.join(cluster.data(node), "keyzone.pid"))
            assert not left, f"node {node} did not stop in good order: see its stderr.log"


def batches_outlive_their_coordinator(directory):
    with Cluster(directory) as cluster:
        session = connect(cluster.hosts())
        make_table(session, "CREATE TABLE b (k int, part int, l list<int>, PRIMARY KEY ((k, part)))")
        session.cluster.shutdown()
        done, halves = set(), set()
        for attempt in range(BATCH_ATTEMPTS):
            halves |= leave_batches(cluster, range(attempt * BATCHES, (attempt + 1) * BATCHES), done)
            if halves:
                break
        if not halves:
            return "no batch was half done when its coordinator died"
        session = connect(cluster.hosts())
        wait_until(lambda: not broken(session), "every batch is whole", 60)
        rows = list(session.execute(f"SELECT k, l FROM {KEYSPACE}.b"))
        assert done <= {row.k for row in rows}, "an acknowledged batch is lost"
        assert all(row.l == [row.k] for row in rows), "a batch that somebody else finished was applied twice"
        print(f"    {len(done)} batches were acknowledged, {len(halves)} were left half done")
        return None


def leave_batches(cluster, batches, done):
    """Sends them to node 1, kills node 3 once some are acknowledged, and node 1 when nothing goes on without node 3. Those that
    are half done then; those acknowledged go into `done`."""
    doomed = connect_one(cluster.hosts()[0])
    append = doomed.prepare(f"UPDATE {KEYSPACE}.b SET l = l + ? WHERE k = ? AND part = ?")
    flowing = threading.Semaphore(0)
    futures = {}
    for k in batches:
        batch = BatchStatement(batch_type=BatchType.LOGGED)
        for part in range(BATCH_PARTS):
            batch.add(append, ([k], k, part))
        futures[k] = doomed.execute_async(batch)
        futures[k].add_callbacks(lambda _: flowing.release(), lambda _: flowing.release())
    for _ in range(BATCHES_BEFORE):
        flowing.acquire()
    cluster.signal(3, signal.SIGKILL)
    while flowing.acquire(timeout=STALL_SECONDS):  # what needs node 3 waits for other leaders now
        pass
    cluster.kill(3)
    cluster.kill(1)
    done |= {k for k, future in futures.items() if succeeds(future)}
    doomed.cluster.shutdown()
    cluster.start(3)
    session = connect(cluster.hosts()[1:2])
    wait_until(lambda: succeeds(session.execute_async(f"SELECT k FROM {KEYSPACE}.b")), "nodes 2 and 3 are a majority")
    halves = broken(session)
    session.cluster.shutdown()
    cluster.start(1)
    cluster.wait_ready(1)
    return halves


def broken(session):
    parts = Counter(row.k for row in session.execute(f"SELECT k FROM {KEYSPACE}.b"))
    return {k for k, count in parts.items() if count != BATCH_PARTS}


def succeeds(future):
    try:
        future.result()
        return True
    except Exception:  # pylint: disable=broad-except
        return False


def mount_small_disks(directory):
    """Three small file systems, or a reason why there are none."""
    for node in (1, 2, 3):
        path = os.path.join(directory, f"node{node}")
        os.makedirs(path)
        result = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", path],
                                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            return f"no right to mount: {result.stderr.strip()}"
    return None


def with_small_disks(directory, case):
    problem = mount_small_disks(directory)
    try:
        return problem or case(directory)
    finally:
        for node in (1, 2, 3):
            subprocess.run(["umount", "-l", os.path.join(directory, f"node{node}")], capture_output=True, check=False)


def a_full_disk_refuses_writes_and_recovers(directory):
    return with_small_disks(directory, fill_disks)


def full_followers_are_told_of_and_restart(directory):
    return with_small_disks(directory, fill_two_disks)


SMALL_DISK_FLAGS = ["--disk_space_reserve=32MiB", "--commitlog_segment_size=16MiB"]


def fill_disk(cluster, node):
    """Takes all the space that there is; gives the file's path."""
    path = os.path.join(cluster.data(node), "ballast")
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    return path


def takes_writes(session):
    try:
        write_rows(session, 100_000, 100_010)
        return True
    except Exception:  # pylint: disable=broad-except
        return False


def fill_two_disks(directory):
    with Cluster(directory, flags=SMALL_DISK_FLAGS) as cluster:
        session = connect(cluster.hosts(), patient=False, seconds=10)
        make_table(session)
        write_rows(session, 0, 500)
        ballast = [fill_disk(cluster, node) for node in (2, 3)]
        write = session.prepare(f"INSERT INTO {KEYSPACE}.t (k, v) VALUES (?, 'more')")

        def refused(key):
            try:
                session.execute(write, (key,))
            except Exception as error:  # pylint: disable=broad-except
                return "until there is space" in str(error)
            return False
        wait_until(lambda: all(refused(key) for key in range(500, 540)), "every tablet says why it takes no writes", 20)
        started = time.monotonic()
        assert all(refused(key) for key in range(500, 540))
        assert time.monotonic() - started < 2, "a refusal takes its time"
        cluster.kill(2)
        cluster.start(2)
        cluster.wait_ready(2)
        assert keys(connect_one("127.0.0.2"))[:500] == list(range(500)), "rows are missing on a node with a full disk"
        assert all(cluster.alive(node) for node in (1, 2, 3)), f"a node has ended: {cluster.last_words()}"
        for path in ballast:
            os.remove(path)
        wait_until(lambda: takes_writes(session), "writes are taken again", 60)
        assert set(range(500)) <= set(keys(session)), "acknowledged rows are lost"


def fill_disks(directory):
    with Cluster(directory, flags=SMALL_DISK_FLAGS) as cluster:
        session = connect(cluster.hosts(), patient=False, seconds=10)
        make_table(session)
        write_rows(session, 0, 500)
        ballast = [fill_disk(cluster, node) for node in (1, 2, 3)]
        refusal = None
        next_key = 500
        deadline = time.monotonic() + 60
        while refusal is None and time.monotonic() < deadline:
            try:
                write_rows(session, next_key, next_key + 50, "z" * 20_000)
                next_key += 50
            except Exception as error:  # pylint: disable=broad-except
                refusal = str(error)
        assert refusal, "writes to a full disk were acknowledged for a minute"
        assert all(cluster.alive(node) for node in (1, 2, 3)), f"a node has ended: {cluster.last_words()}"
        assert session.execute(f"SELECT v FROM {KEYSPACE}.t WHERE k = 7").one().v == "x", "reads go on"
        for path in ballast:
            os.remove(path)
        wait_until(lambda: takes_writes(session), "writes are taken again", 60)
        assert set(range(next_key)) <= set(keys(session)), "acknowledged rows are lost"


def idle_tablets_cost_little(directory):
    with Cluster(directory) as cluster:
        session = connect(cluster.hosts())
        make_table(session)
        for table in range(IDLE_TABLETS // 6 - 1):
            session.execute(f"CREATE TABLE idle{table} (k int PRIMARY KEY)")
        session.cluster.shutdown()
        for _ in range(IDLE_WINDOWS_MAX):  # what follows the last CREATE TABLE, a file that is sorted say, comes to an end
            before = [cpu_seconds(cluster.pid(node)) for node in (1, 2, 3)]
            time.sleep(IDLE_WINDOW_SECONDS)
            shares = [(cpu_seconds(cluster.pid(node)) - old) / IDLE_WINDOW_SECONDS
                      for node, old in zip((1, 2, 3), before)]
            print(f"    {IDLE_TABLETS} idle tablets: " + ", ".join(f"{share:.1%}" for share in shares) + " of a core")
            if max(shares) < IDLE_CORE_SHARE_MAX:
                return
        assert False, f"idle nodes go on using {shares} of a core"


CASES = [stops_in_time, truncate_waits_as_long_as_it_is_told, survives_all_three_killed,
         batches_outlive_their_coordinator, status_shows_who_is_there, levels_count_the_replicas_that_are_there,
         an_empty_disk_is_filled_again,
         stops_in_good_order_after_filling_a_peer,
         a_full_disk_refuses_writes_and_recovers, full_followers_are_told_of_and_restart, idle_tablets_cost_little]
