"""What the cases share: sessions, waiting, and what a process uses."""
import os
import re
import subprocess
import time

from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster as Driver, ExecutionProfile
from cassandra.policies import (ConstantReconnectionPolicy, FallthroughRetryPolicy, RetryPolicy, RoundRobinPolicy,
                                WhiteListRoundRobinPolicy)
from cluster import PORT, PROGRAM

KEYSPACE = "processes"


class Patient(RetryPolicy):
    """What the cases write may be written twice."""

    def on_write_timeout(self, *args, retry_num=0, **_):
        return (self.RETRY_NEXT_HOST, None) if retry_num < 5 else (self.RETHROW, None)

    on_read_timeout = on_unavailable = on_request_error = on_write_timeout


def connect(hosts, port=PORT, patient=True, seconds=20):
    changes = {"retry_policy": Patient()} if patient else {}
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), request_timeout=seconds,
                               consistency_level=ConsistencyLevel.QUORUM, **changes)
    driver = Driver(hosts, port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile},
                    reconnection_policy=ConstantReconnectionPolicy(0.5, max_attempts=None), connect_timeout=5)
    return driver.connect()


def connect_one(host, port=PORT, seconds=20):
    """A session that talks to this node alone, and tries nothing twice."""
    profile = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy([host]), request_timeout=seconds,
                               consistency_level=ConsistencyLevel.QUORUM, retry_policy=FallthroughRetryPolicy())
    return Driver([host], port=port, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=5).connect()


def nodes_connected(session):
    return sum(1 for state in session.get_pool_state().values() if not state["shutdown"] and state["open_count"] > 0)


def make_table(session, text="CREATE TABLE t (k int PRIMARY KEY, v text)"):
    session.execute(f"CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = "
                    "{'class': 'NetworkTopologyStrategy', 'datacenter1': 3}")
    session.set_keyspace(KEYSPACE)
    session.execute(text)


def write_rows(session, first, last, value="x"):
    statement = session.prepare(f"INSERT INTO {KEYSPACE}.t (k, v) VALUES (?, ?)")
    for future in [session.execute_async(statement, (k, value)) for k in range(first, last)]:
        future.result()


def keys(session):
    return sorted(row.k for row in session.execute(f"SELECT k FROM {KEYSPACE}.t"))


def wait_until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.1)


def status(host, port=PORT):
    """What `keyzone status` prints, and for each address the two letters before it."""
    result = subprocess.run([PROGRAM, "status", "--host", host, "--port", str(port)], capture_output=True, text=True,
                            timeout=20, check=False)
    states = {address: state for state, address in re.findall(r"^(U[NJ]|D[NJ])\b.*?(\d+\.\d+\.\d+\.\d+)", result.stdout, re.M)}
    return result.stdout, states


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024
