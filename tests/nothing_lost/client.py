"""One client process: threads that work until a file named stop appears, and a history written at the end.

client.py NUMBER DIRECTORY SEED. Server time decides the order of writes: with the clients' own stamps, the last write
would be the one with the highest stamp.
"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cassandra import OperationTimedOut, ReadTimeout, Unavailable, WriteTimeout  # noqa: E402
from cassandra import ConsistencyLevel  # noqa: E402
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile  # noqa: E402
from cassandra.policies import (ConstantReconnectionPolicy, DCAwareRoundRobinPolicy, FallthroughRetryPolicy,  # noqa: E402
                                TokenAwarePolicy)
from cassandra.query import BatchStatement, BatchType  # noqa: E402
from history import OK, REFUSED, UNKNOWN, Operation, save  # noqa: E402

KEYSPACE = "nothing_lost"
THREADS = 6
KEYS = 12
PAUSE_SECONDS = 0.01
REQUEST_SECONDS = 3

SCHEMA = [
    "CREATE TABLE inserts (k bigint PRIMARY KEY)",
    "CREATE TABLE registers (k int PRIMARY KEY, v bigint)",
    "CREATE TABLE steps (k int PRIMARY KEY, n int)",
    "CREATE TABLE sums (k int PRIMARY KEY, n counter)",
    "CREATE TABLE batches (k bigint, part int, PRIMARY KEY ((k, part)))",
]


def connect(hosts, port, data_center, request_seconds=REQUEST_SECONDS):
    policy = TokenAwarePolicy(DCAwareRoundRobinPolicy(data_center), shuffle_replicas=True)
    profile = ExecutionProfile(load_balancing_policy=policy, request_timeout=request_seconds,
                               consistency_level=ConsistencyLevel.QUORUM, retry_policy=FallthroughRetryPolicy())
    return Cluster(hosts, port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile},
                   reconnection_policy=ConstantReconnectionPolicy(0.5, max_attempts=None), connect_timeout=5,
                   control_connection_timeout=5, idle_heartbeat_interval=1, idle_heartbeat_timeout=2)


class Client:
    def __init__(self, number, directory, seed):
        self.number = number
        self.directory = directory
        self.seed = seed
        self.cluster = connect(os.environ["KEYZONE_HOSTS"].split(","), int(os.environ["KEYZONE_PORT"]),
                               os.environ["KEYZONE_DC"])
        self.session = self.cluster.connect(KEYSPACE)
        self.session.use_client_timestamp = False
        prepare = self.session.prepare
        self.insertion = prepare("INSERT INTO inserts (k) VALUES (?)")
        self.writing = prepare("UPDATE registers SET v = ? WHERE k = ?")
        self.reading = prepare("SELECT v FROM registers WHERE k = ?")
        self.swapping = prepare("UPDATE registers SET v = ? WHERE k = ? IF v = ?")
        self.step_reading = prepare("SELECT n FROM steps WHERE k = ?")
        self.step_first = prepare("INSERT INTO steps (k, n) VALUES (?, 1) IF NOT EXISTS")
        self.step_next = prepare("UPDATE steps SET n = ? WHERE k = ? IF n = ?")
        self.adding = prepare("UPDATE sums SET n = n + ? WHERE k = ?")
        self.batching = prepare("INSERT INTO batches (k, part) VALUES (?, ?)")
        self.stopped = threading.Event()

    def attempt(self, kind, key, statement, parameters=None, **details):
        """Runs one statement; gives the operation and its rows."""
        start = time.monotonic()
        result, outcome, problem = None, OK, ""
        try:
            result = list(self.session.execute(statement, parameters))
        except Unavailable as error:
            outcome, problem = REFUSED, repr(error)
        except (OperationTimedOut, ReadTimeout, WriteTimeout) as error:
            outcome, problem = UNKNOWN, type(error).__name__
        except Exception as error:  # pylint: disable=broad-except
            outcome, problem = UNKNOWN, repr(error)
        return Operation(kind, key, start, time.monotonic(), outcome, problem=problem, **details), result

    def insert(self, unique, _):
        return self.attempt("insert", unique, self.insertion, (unique,))[0]

    def write(self, unique, chance):
        key = chance.randrange(KEYS)
        return self.attempt("write", key, self.writing, (unique, key), value=unique)[0]

    def read(self, _, chance):
        key = chance.randrange(KEYS)
        operation, rows = self.attempt("read", key, self.reading, (key,))
        operation.found = rows[0].v if rows else None
        return operation

    def swap(self, unique, chance):
        before = self.read(unique, chance)
        self.history().append(before)
        if before.outcome != OK or before.found is None:
            return None
        operation, rows = self.attempt("cas", before.key, self.swapping, (unique, before.key, before.found),
                                       value=unique, expected=before.found)
        if rows:
            operation.applied = rows[0][0]
            operation.found = None if operation.applied else getattr(rows[0], "v", None)
        return operation

    def increment(self, _, chance):
        key = chance.randrange(KEYS)
        before, rows = self.attempt("peek", key, self.step_reading, (key,))
        if before.outcome != OK:
            return None
        n = rows[0].n if rows else 0
        statement, parameters = (self.step_next, (n + 1, key, n)) if n else (self.step_first, (key,))
        operation, rows = self.attempt("increment", key, statement, parameters, value=n + 1, expected=n)
        if rows:
            operation.applied = rows[0][0]
        return operation

    def add(self, _, chance):
        key, step = chance.randrange(KEYS), chance.randrange(1, 10)
        return self.attempt("add", key, self.adding, (step, key), value=step)[0]

    def batch(self, unique, _):
        batch = BatchStatement(batch_type=BatchType.LOGGED)
        for part in range(3):
            batch.add(self.batching, (unique, part))
        return self.attempt("batch", unique, batch)[0]

    def history(self):
        return self.histories[threading.current_thread().name]

    def work(self, thread):
        chance = random.Random(f"{self.seed} {self.number} {thread}")
        kinds = [self.insert, self.write, self.read, self.read, self.swap, self.increment, self.add, self.batch]
        count = 0
        while not self.stopped.is_set():
            count += 1
            unique = (self.number * THREADS + thread) * 10_000_000 + count
            operation = chance.choice(kinds)(unique, chance)
            if operation:
                self.history().append(operation)
            time.sleep(PAUSE_SECONDS)

    def run(self):
        self.histories = {f"worker {thread}": [] for thread in range(THREADS)}
        threads = [threading.Thread(target=self.work, args=(thread,), name=f"worker {thread}")
                   for thread in range(THREADS)]
        for thread in threads:
            thread.start()
        with open(os.path.join(self.directory, f"client{self.number}.started"), "w", encoding="utf-8"):
            pass
        while not os.path.exists(os.path.join(self.directory, "stop")):
            time.sleep(0.1)
        self.stopped.set()
        for thread in threads:
            thread.join()
        operations = [one for history in self.histories.values() for one in history]
        save(os.path.join(self.directory, f"client{self.number}.json"), operations)
        os._exit(0)  # the driver's reconnections needn't come to an end


if __name__ == "__main__":
    Client(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
