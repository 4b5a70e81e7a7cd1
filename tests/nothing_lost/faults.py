"""Runs clients against a cluster while its processes are killed, stopped and restarted; then checks the history.

faults.py [SECONDS] [SEED]. With KEYZONE_HOSTS set, the clients run against that server and nothing is killed.
"""
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "drivers"))
import checkers  # noqa: E402
import client  # noqa: E402
from cluster import Cluster  # noqa: E402
from history import OK, REFUSED, UNKNOWN, load  # noqa: E402

CLIENTS = 4
FAULTS_LEAST = 20
GAP_SECONDS_GOAL = 5.0
SETTLE_SECONDS = 30
ADMIN_SECONDS = 20


class Faults:
    """Accidents, one after the other, drawn from a seed; keeps when no majority ran."""

    def __init__(self, cluster, seed):
        self.cluster = cluster
        self.chance = random.Random(seed)
        self.count = 0
        self.outages = []

    def pick(self, count):
        return self.chance.sample(range(1, self.cluster.nodes + 1), count)

    def say(self, text):
        self.count += 1
        print(f"    {self.count:2d} {text}", flush=True)

    def wait(self, least, most):
        time.sleep(self.chance.uniform(least, most))

    def kill_one(self):
        node, = self.pick(1)
        self.say(f"kill -9 of node {node}")
        self.cluster.kill(node)
        self.wait(0.2, 3)
        self.cluster.start(node)

    def pause_one(self):
        node, = self.pick(1)
        seconds = self.chance.uniform(0.5, 4)
        self.say(f"node {node} stopped for {seconds:.1f} s")
        self.cluster.signal(node, signal.SIGSTOP)
        time.sleep(seconds)
        self.cluster.signal(node, signal.SIGCONT)

    def restart_one(self):
        node, = self.pick(1)
        self.say(f"orderly restart of node {node}")
        self.cluster.stop(node)
        self.cluster.start(node)

    def kill_some(self, count):
        nodes = self.pick(count)
        self.say(f"kill -9 of nodes {nodes} at once")
        since = time.monotonic()
        for node in nodes:
            self.cluster.signal(node, signal.SIGKILL)
        for node in nodes:
            self.cluster.kill(node)
        self.wait(0.1, 1)
        for node in nodes:
            self.cluster.start(node)
        self.cluster.wait_ready(nodes[0])
        self.outages.append((since, time.monotonic()))

    def run(self, seconds):
        """For so long, and at least FAULTS_LEAST accidents."""
        plan = [self.kill_one, self.kill_one, self.pause_one, self.pause_one, self.restart_one,
                lambda: self.kill_some(3), self.kill_one, lambda: self.kill_some(2)]
        end = time.monotonic() + seconds
        while time.monotonic() < end or self.count < FAULTS_LEAST:
            plan[self.count % len(plan)]()
            self.wait(1, 2.5)


def make_schema(session, replicas):
    session.execute(f"DROP KEYSPACE IF EXISTS {client.KEYSPACE}")
    session.execute(f"CREATE KEYSPACE {client.KEYSPACE} WITH replication = "
                    f"{{'class': 'NetworkTopologyStrategy', '{os.environ['KEYZONE_DC']}': {replicas}}}")
    session.set_keyspace(client.KEYSPACE)
    for statement in client.SCHEMA:
        session.execute(statement)


def start_clients(directory, seed):
    processes = [subprocess.Popen([sys.executable, os.path.join(HERE, "client.py"), str(number), directory, str(seed)])
                 for number in range(CLIENTS)]
    deadline = time.monotonic() + 30
    while not all(os.path.exists(os.path.join(directory, f"client{number}.started")) for number in range(CLIENTS)):
        if time.monotonic() > deadline:
            raise RuntimeError("the clients did not start")
        time.sleep(0.05)
    return processes


def stop_clients(directory, processes):
    with open(os.path.join(directory, "stop"), "w", encoding="utf-8"):
        pass
    for process in processes:
        process.wait(60)
    return [one for number in range(CLIENTS) for one in load(os.path.join(directory, f"client{number}.json"))]


def retried(action):
    """What the end of a test asks may meet the last fault's echo."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            return action()
        except Exception:  # pylint: disable=broad-except
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def whole_batches(session, operations):
    """How many rows of each batch are there; waits for those that are under way."""
    started = {one.key for one in operations if one.kind == "batch" and one.outcome != REFUSED}
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        parts = {}
        for row in retried(lambda: list(session.execute("SELECT k FROM batches"))):
            parts[row.k] = parts.get(row.k, 0) + 1
        if all(parts.get(key, 0) in (0, 3) for key in started) or time.monotonic() > deadline:
            return parts
        time.sleep(0.5)


def check(session, operations):
    """Prints a line a check; gives how many passed and failed."""
    def table(text):
        return retried(lambda: list(session.execute(text)))
    results = {
        "every acknowledged insert is there": checkers.check_inserts(operations, {row.k for row in table("SELECT k FROM inserts")}),
        "registers are linearizable": checkers.check_registers(operations),
        "compare-and-set steps are unique": checkers.check_steps(operations),
        "compare-and-set counters add up":
            checkers.check_sums(operations, "increment", {row.k: row.n for row in table("SELECT k, n FROM steps")}),
        "counters add up": checkers.check_sums(operations, "add", {row.k: row.n for row in table("SELECT k, n FROM sums")}),
        "batches are whole": checkers.check_batches(operations, whole_batches(session, operations)),
    }
    for name, problems in results.items():
        print(f"{'FAILED' if problems else 'ok'} {name}")
        for problem in problems[:10]:
            print(f"    {problem}")
    failed = sum(1 for problems in results.values() if problems)
    return len(results) - failed, failed


def summary(operations):
    kinds = sorted({one.kind for one in operations})
    for kind in kinds:
        counts = [sum(1 for one in operations if one.kind == kind and one.outcome == outcome)
                  for outcome in (OK, REFUSED, UNKNOWN)]
        print(f"    {kind:10s} {counts[0]:7d} answered {counts[1]:5d} refused {counts[2]:5d} unanswered")
    other = {one.problem for one in operations if one.outcome == UNKNOWN and len(one.problem) > 20}
    for problem in sorted(other)[:3]:
        print(f"    such as {problem[:160]}")


def main(seconds, seed):
    directory = tempfile.mkdtemp(prefix="keyzone-nothing-lost-")
    failed = 1
    with contextlib.ExitStack() as stack:
        faults = None
        if "KEYZONE_HOSTS" not in os.environ:
            cluster = stack.enter_context(Cluster(directory))
            os.environ.update(cluster.environment())
            faults = Faults(cluster, seed)
        connection = client.connect(os.environ["KEYZONE_HOSTS"].split(","), int(os.environ["KEYZONE_PORT"]),
                                    os.environ["KEYZONE_DC"], ADMIN_SECONDS)
        session = connection.connect()
        make_schema(session, os.environ["KEYZONE_REPLICAS"])
        processes = start_clients(directory, seed)
        first = time.monotonic()
        if faults:
            faults.run(seconds)
            for node in range(1, cluster.nodes + 1):
                cluster.wait_ready(node)
        else:
            time.sleep(seconds)
        last = time.monotonic()
        operations = stop_clients(directory, processes)
        summary(operations)
        passed, failed = check(session, operations)
        gap, at = checkers.longest_gap(operations, first, last, faults.outages if faults else [])
        print(f"longest gap without a successful write: {gap:.2f} s, {at - first:.0f} s after the start "
              f"(goal {GAP_SECONDS_GOAL:.0f} s); {faults.count if faults else 0} faults, seed {seed}")
        if gap > GAP_SECONDS_GOAL:
            failed += 1
        else:
            passed += 1
        print(f"nothing_lost: {passed} passed, {failed} failed")
    if failed and "KEYZONE_KEEP" in os.environ:
        print(f"histories, data and logs are kept in {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # the driver's threads needn't come to an end


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(float(arguments[0]) if arguments else 75, int(arguments[1]) if len(arguments) > 1 else 1)
