"""The cases of tests/drivers/README.md through cassandra-driver for Python."""
import datetime
import ipaddress
import os
import subprocess
import sys
import time
import traceback
import uuid
from decimal import Decimal

from cassandra import ConsistencyLevel, Unavailable
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import (DCAwareRoundRobinPolicy, FallthroughRetryPolicy, RetryPolicy, TokenAwarePolicy,
                                WhiteListRoundRobinPolicy)
from cassandra.query import BatchStatement, BatchType, SimpleStatement, TraceUnavailable, UNSET_VALUE
from cassandra.util import Date, Duration, Time, uuid_from_time

HOSTS = os.environ["KEYZONE_HOSTS"].split(",")
PORT = int(os.environ["KEYZONE_PORT"])
DATA_CENTER = os.environ["KEYZONE_DC"]
REPLICAS = int(os.environ["KEYZONE_REPLICAS"])
KILL = os.environ.get("KEYZONE_KILL_CMD")
RESTART = os.environ.get("KEYZONE_RESTART_CMD")
KEYSPACE = "driver_python"
LONGEST_GAP_SECONDS = 10

CASES = []


def case(function):
    CASES.append(function)
    return function


def profile(**changes):
    policy = TokenAwarePolicy(DCAwareRoundRobinPolicy(DATA_CENTER), shuffle_replicas=True)
    return ExecutionProfile(**{"load_balancing_policy": policy, "request_timeout": 20, **changes})


def connect(hosts=None, **changes):
    return Cluster(hosts or HOSTS, port=PORT, execution_profiles={EXEC_PROFILE_DEFAULT: profile(**changes)},
                   idle_heartbeat_interval=2, schema_event_refresh_window=0, topology_event_refresh_window=0,
                   status_event_refresh_window=0)


def wait_until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.05)


class Suite:
    def __init__(self):
        self.cluster = connect()
        self.session = self.cluster.connect()
        self.session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
        self.session.execute(f"CREATE KEYSPACE {KEYSPACE} WITH replication = "
                             f"{{'class': 'NetworkTopologyStrategy', '{DATA_CENTER}': {REPLICAS}}}")
        self.session.set_keyspace(KEYSPACE)

    def close(self):
        self.session.execute(f"DROP KEYSPACE {KEYSPACE}")
        self.cluster.shutdown()


@case
def connects_to_every_node(suite):
    found = {host.address: host for host in suite.cluster.metadata.all_hosts()}
    assert set(found) == set(HOSTS), f"metadata has {sorted(found)}"
    assert all(host.is_up for host in found.values())
    ids, zones = set(), set()
    for address in HOSTS:
        with connect([address], load_balancing_policy=WhiteListRoundRobinPolicy([address])) as cluster:
            row = cluster.connect().execute("SELECT * FROM system.local WHERE key = 'local'").one()
            assert row.rpc_address == address, f"{address} says that it is {row.rpc_address}"
            assert row.data_center == DATA_CENTER
            ids.add(row.host_id)
            zones.add(row.rack)
    assert len(ids) == len(HOSTS), f"host ids {ids}"
    assert len(zones) == min(3, len(HOSTS)), f"zones {zones}"


@case
def creates_schema(suite):
    suite.session.execute("CREATE TYPE address (street text, number int, tags frozen<set<text>>)")
    suite.session.execute("""CREATE TABLE everything (
        id int, part text, at timestamp, fixed text static, v_ascii ascii, v_bigint bigint, v_blob blob,
        v_boolean boolean, v_date date, v_decimal decimal, v_double double, v_duration duration, v_float float,
        v_inet inet, v_int int, v_smallint smallint, v_text text, v_time time, v_timestamp timestamp,
        v_timeuuid timeuuid, v_tinyint tinyint, v_uuid uuid, v_varchar varchar, v_varint varint,
        v_list list<int>, v_set set<text>, v_map map<text, bigint>, v_frozen frozen<map<int, frozen<list<text>>>>,
        v_tuple tuple<int, text, double>, v_type address, v_frozen_type frozen<address>, v_vector vector<float, 3>,
        PRIMARY KEY ((id, part), at)) WITH CLUSTERING ORDER BY (at DESC) AND comment = 'all types'""")
    table = suite.cluster.metadata.keyspaces[KEYSPACE].tables["everything"]
    assert [column.name for column in table.partition_key] == ["id", "part"]
    assert [column.name for column in table.clustering_key] == ["at"]
    assert table.columns["at"].is_reversed and table.columns["fixed"].is_static
    assert table.columns["v_frozen"].cql_type == "frozen<map<int, frozen<list<text>>>>"
    assert table.columns["v_vector"].cql_type == "vector<float, 3>"
    assert table.options["comment"] == "all types"
    assert "CLUSTERING ORDER BY (at DESC)" in table.export_as_string()
    assert suite.cluster.metadata.keyspaces[KEYSPACE].user_types["address"].field_names == ["street", "number", "tags"]


class Address:
    def __init__(self, street, number, tags):
        self.street, self.number, self.tags = street, number, tags

    def __eq__(self, other):
        return (self.street, self.number, self.tags) == (other.street, other.number, other.tags)


def values():
    moment = datetime.datetime(2024, 2, 29, 12, 34, 56, 789000)
    return {
        "v_ascii": "plain", "v_bigint": -2**63, "v_blob": bytes(range(256)), "v_boolean": True,
        "v_date": Date("1969-12-31"), "v_decimal": Decimal("-123456789012345678901234567890.123456789"),
        "v_double": -2.5e-300, "v_duration": Duration(14, 3, 10**15),
        "v_float": 1.5, "v_inet": "2001:db8::1", "v_int": -2**31, "v_smallint": 2**15 - 1, "v_text": "naïve 日本 🗝",
        "v_time": Time("23:59:59.999999999"), "v_timestamp": moment, "v_timeuuid": uuid_from_time(moment),
        "v_tinyint": -128, "v_uuid": uuid.UUID("123e4567-e89b-12d3-a456-426614174000"), "v_varchar": "x" * 100_000,
        "v_varint": 2**200 - 1, "v_list": [3, 1, 2, 1], "v_set": {"b", "a"}, "v_map": {"one": 1, "two": 2},
        "v_frozen": {1: ["a", "b"], 2: []}, "v_tuple": (1, "two", None), "v_type": Address("High St", 5, {"x"}),
        "v_frozen_type": Address("Low St", None, {"y", "z"}), "v_vector": [0.5, -1.0, 2.25],
    }


def plain(value):
    """What a value is, whichever of its kinds of containers the driver chose."""
    if isinstance(value, Address):
        return ("address", value.street, value.number, plain(value.tags))
    if isinstance(value, (str, bytes)) or value is None:
        return value
    if hasattr(value, "items"):
        return {plain(k): plain(v) for k, v in value.items()}
    if type(value).__name__ in ("SortedSet", "set", "frozenset"):
        return frozenset(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return tuple(plain(item) for item in value)
    if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return str(value)
    return value


def insert(suite, row, at=datetime.datetime(2024, 1, 1)):
    names = ", ".join(row)
    suite.session.execute(suite.session.prepare(
        f"INSERT INTO everything (id, part, at, {names}) VALUES (?, ?, ?{', ?' * len(row)})"),
        [1, "p", at, *row.values()])


def read_one(suite, at=datetime.datetime(2024, 1, 1)):
    query = suite.session.prepare("SELECT * FROM everything WHERE id = ? AND part = ? AND at = ?")
    return suite.session.execute(query, [1, "p", at]).one()


@case
def all_types(suite):
    suite.cluster.register_user_type(KEYSPACE, "address", Address)
    expected = values()
    insert(suite, expected)
    row = read_one(suite)
    for name, value in expected.items():
        assert plain(getattr(row, name)) == plain(value), f"{name}: {getattr(row, name)!r} instead of {value!r}"
    literal = suite.session.execute("SELECT v_int, v_inet, v_list FROM everything WHERE id = 1 AND part = 'p'").one()
    assert (literal.v_int, str(literal.v_inet), list(literal.v_list)) == (-2**31, "2001:db8::1", [3, 1, 2, 1])


@case
def nulls(suite):
    at = datetime.datetime(2024, 1, 2)
    insert(suite, values(), at)
    insert(suite, {name: None for name in values()}, at)
    row = read_one(suite, at)
    for name in values():
        assert getattr(row, name) is None, f"{name} is {getattr(row, name)!r}"


@case
def empties(suite):
    at = datetime.datetime(2024, 1, 3)
    insert(suite, {"v_text": "", "v_ascii": "", "v_blob": b"", "v_list": [], "v_set": set(), "v_map": {},
                   "v_frozen": {}}, at)
    row = read_one(suite, at)
    assert (row.v_text, row.v_ascii, row.v_blob) == ("", "", b"")
    assert (row.v_list, row.v_set, row.v_map) == (None, None, None), "an empty collection is no collection"
    assert row.v_frozen is not None and len(row.v_frozen) == 0, "an empty frozen collection is kept"


@case
def prepared(suite):
    session = suite.session
    session.execute("CREATE TABLE prepared (k int PRIMARY KEY, a text, b text)")
    insertion = session.prepare("INSERT INTO prepared (k, a, b) VALUES (?, ?, ?)")
    session.execute(insertion, (1, "a", "b"))
    session.execute(insertion, {"k": 2, "a": "a2", "b": "b2"})
    session.execute(insertion, (1, UNSET_VALUE, "b9"))
    named = session.prepare("SELECT a, b FROM prepared WHERE k = :wanted")
    assert tuple(session.execute(named, {"wanted": 1}).one()) == ("a", "b9"), "an unset value leaves the old one"
    assert tuple(session.execute(named, {"wanted": 2}).one()) == ("a2", "b2")
    assert session.execute(named, {"wanted": 3}).one() is None
    simple = session.execute("SELECT b FROM prepared WHERE k = %s", (2,)).one()
    assert simple.b == "b2"
    session.execute("ALTER TABLE prepared ADD c int")
    everything = session.prepare("SELECT * FROM prepared WHERE k = ?")
    assert len(session.execute(everything, (1,)).one()) == 4


@case
def paged(suite):
    session = suite.session
    session.execute("CREATE TABLE paged (p int, c int, v text, PRIMARY KEY (p, c))")
    insertion = session.prepare("INSERT INTO paged (p, c, v) VALUES (?, ?, ?)")
    futures = [session.execute_async(insertion, (c % 7, c, f"v{c}")) for c in range(1400)]
    for future in futures:
        future.result()
    one = SimpleStatement("SELECT c FROM paged WHERE p = 3", fetch_size=30)
    assert [row.c for row in session.execute(one)] == list(range(3, 1400, 7))
    result = session.execute(SimpleStatement("SELECT p, c, v FROM paged", fetch_size=100))
    assert result.has_more_pages and len(result.current_rows) == 100
    rows = list(result)
    assert sorted(row.c for row in rows) == list(range(1400)), f"{len(rows)} rows"
    reverse = SimpleStatement("SELECT c FROM paged WHERE p = 5 ORDER BY c DESC LIMIT 50", fetch_size=7)
    assert [row.c for row in session.execute(reverse)] == list(range(5, 1400, 7))[::-1][:50]
    first = session.execute(SimpleStatement("SELECT c FROM paged WHERE p = 5", fetch_size=10))
    state = first.paging_state
    more = session.execute(SimpleStatement("SELECT c FROM paged WHERE p = 5", fetch_size=10), paging_state=state)
    assert [row.c for row in more.current_rows] == list(range(5, 1400, 7))[10:20]
    assert session.execute("SELECT count(*) FROM paged WHERE p = 3").one()[0] == 200


@case
def batches(suite):
    session = suite.session
    session.execute("CREATE TABLE batched (p int, c int, v text, PRIMARY KEY (p, c))")
    session.execute("CREATE TABLE counted (p int PRIMARY KEY, n counter)")
    insertion = session.prepare("INSERT INTO batched (p, c, v) VALUES (?, ?, ?)")
    for number, kind in enumerate((BatchType.LOGGED, BatchType.UNLOGGED)):
        batch = BatchStatement(batch_type=kind)
        for p in range(5):
            batch.add(insertion, (p, number, "prepared"))
        batch.add("INSERT INTO batched (p, c, v) VALUES (9, %s, 'simple')", (number,))
        session.execute(batch)
    assert session.execute("SELECT count(*) FROM batched").one()[0] == 12
    session.execute("BEGIN BATCH USING TIMESTAMP 5 INSERT INTO batched (p, c, v) VALUES (8, 8, 'x') "
                    "DELETE FROM batched WHERE p = 7 APPLY BATCH")
    assert session.execute("SELECT writetime(v) FROM batched WHERE p = 8").one()[0] == 5
    count = session.prepare("UPDATE counted SET n = n + ? WHERE p = ?")
    batch = BatchStatement(batch_type=BatchType.COUNTER)
    for p in (1, 1, 2):
        batch.add(count, (10, p))
    session.execute(batch)
    session.execute(count, (-3, 1))
    assert {row.p: row.n for row in session.execute("SELECT p, n FROM counted")} == {1: 17, 2: 10}


@case
def lightweight_transactions(suite):
    session = suite.session
    session.execute("CREATE TABLE accounts (name text PRIMARY KEY, balance int, owner text)")
    first = session.execute("INSERT INTO accounts (name, balance, owner) VALUES ('a', 10, 'x') IF NOT EXISTS")
    assert first.was_applied
    second = session.execute("INSERT INTO accounts (name, balance) VALUES ('a', 99) IF NOT EXISTS")
    assert not second.was_applied and second.one().balance == 10 and second.one().owner == "x"
    update = session.prepare("UPDATE accounts SET balance = ? WHERE name = ? IF balance = ?")
    update.serial_consistency_level = ConsistencyLevel.SERIAL
    assert session.execute(update, (20, "a", 10)).was_applied
    refused = session.execute(update, (30, "a", 10))
    assert not refused.was_applied and refused.one().balance == 20
    assert session.execute("DELETE FROM accounts WHERE name = 'a' IF owner IN ('x', 'y') AND balance > 5").was_applied
    assert not session.execute("UPDATE accounts SET balance = 1 WHERE name = 'a' IF EXISTS").was_applied
    read = SimpleStatement("SELECT * FROM accounts WHERE name = 'a'", consistency_level=ConsistencyLevel.SERIAL)
    assert session.execute(read).one() is None


@case
def routing(suite):
    session = suite.session
    session.execute("CREATE TABLE routed (k text PRIMARY KEY, v int)")
    insertion = session.prepare("INSERT INTO routed (k, v) VALUES (?, ?)")
    assert insertion.routing_key_indexes == [0]
    coordinators = set()
    for number in range(60):
        bound = insertion.bind((f"key {number}", number))
        replicas = suite.cluster.metadata.get_replicas(KEYSPACE, bound.routing_key)
        assert len(replicas) == REPLICAS, f"replicas {replicas}"
        assert len({host.rack for host in replicas}) == REPLICAS, f"zones of {replicas}"
        result = session.execute(bound)
        coordinator = result.response_future.coordinator_host
        assert coordinator in [host.endpoint for host in replicas] + list(replicas), f"{coordinator} for {replicas}"
        coordinators.add(str(coordinator))
    assert len(coordinators) == len(HOSTS), f"only {coordinators} were asked"


@case
def schema_events(suite):
    metadata = suite.cluster.metadata
    with connect() as other_cluster:
        other = other_cluster.connect(KEYSPACE)

        def tables():
            return metadata.keyspaces[KEYSPACE].tables
        other.execute("CREATE TABLE appearing (k int PRIMARY KEY)")
        wait_until(lambda: "appearing" in tables(), "the new table is seen")
        other.execute("ALTER TABLE appearing ADD late text")
        wait_until(lambda: "late" in tables()["appearing"].columns, "the new column is seen")
        other.execute("DROP TABLE appearing")
        wait_until(lambda: "appearing" not in tables(), "the table is gone")
        other.execute("CREATE TYPE appearing_type (a int)")
        wait_until(lambda: "appearing_type" in metadata.keyspaces[KEYSPACE].user_types, "the new type is seen")


@case
def traces(suite):
    session = suite.session
    session.execute("CREATE TABLE traced (k int PRIMARY KEY)")
    level = ConsistencyLevel.ALL if REPLICAS > 1 else ConsistencyLevel.ONE
    insertion = SimpleStatement("INSERT INTO traced (k) VALUES (1)", consistency_level=level)
    trace = session.execute(insertion, trace=True).get_query_trace()
    sources = {event.source for event in trace.events}
    assert len(sources) == REPLICAS, f"every replica has a part in it: {sources}"
    if len(HOSTS) > 2:
        future = session.execute_async("SELECT * FROM traced", trace=True)
        future.result()
        try:
            future.get_query_trace(query_cl=ConsistencyLevel.THREE)
            raise AssertionError("traces have two replicas, and three of them answered")
        except Unavailable:
            pass

    def durations():
        read = f"SELECT duration FROM system_traces.sessions WHERE session_id = {trace.trace_id}"
        return {row.duration for _ in HOSTS for row in session.execute(read)}
    wait_until(lambda: None not in durations(), "every node knows the trace")
    session.execute(f"DELETE duration FROM system_traces.sessions WHERE session_id = {trace.trace_id}")
    wait_until(lambda: durations() == {None}, "the duration is gone on every node")
    try:
        trace.populate(max_wait=0.2, wait_for_complete=True)
        raise AssertionError("a trace without a duration is complete")
    except TraceUnavailable:
        trace.populate(wait_for_complete=False)
    assert trace.events and trace.duration is None


class Listener:
    def __init__(self):
        self.downs, self.ups = [], []

    def on_add(self, host):
        pass

    def on_remove(self, host):
        pass

    def on_up(self, host):
        self.ups.append(host.address)

    def on_down(self, host):
        self.downs.append(host.address)


class RetryAll(RetryPolicy):
    """Every write here may be repeated."""

    def on_write_timeout(self, *args, retry_num=0, **_):
        return (self.RETRY_NEXT_HOST, None) if retry_num < 10 else (self.RETHROW, None)

    on_read_timeout = on_unavailable = on_request_error = on_write_timeout


def write_for(session, insertion, seconds, state):
    """Writes rows one after the other; keeps the longest time without a success."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            session.execute(insertion, (state["next"],), timeout=5)
            state["written"].append(state["next"])
            state["gap"] = max(state["gap"], time.monotonic() - state["last"])
            state["last"] = time.monotonic()
        except Exception as problem:  # pylint: disable=broad-except
            state["errors"].append(repr(problem))
            time.sleep(0.05)
        state["next"] += 1


def assert_unavailable(session, text, level, required, alive):
    try:
        session.execute(SimpleStatement(text, consistency_level=level, retry_policy=FallthroughRetryPolicy()))
        raise AssertionError(f"{text} was answered")
    except Unavailable as error:
        assert (error.required_replicas, error.alive_replicas) == (required, alive), error


@case
def survives_a_killed_node(suite):
    if not KILL:
        return "no cluster to kill"
    listener = Listener()
    suite.cluster.register_listener(listener)
    victim = HOSTS[1]
    with connect([HOSTS[0]], retry_policy=RetryAll()) as cluster:
        session = cluster.connect(KEYSPACE)
        session.execute("CREATE TABLE surviving (k int PRIMARY KEY)")
        insertion = session.prepare("INSERT INTO surviving (k) VALUES (?)")
        insertion.is_idempotent = True
        state = {"next": 0, "written": [], "errors": [], "gap": 0, "last": time.monotonic()}
        write_for(session, insertion, 1, state)
        subprocess.run(KILL.split() + ["2"], check=True)
        write_for(session, insertion, 5, state)
        wait_until(lambda: victim in listener.downs, "the driver knows that the node is down")
        for level in (ConsistencyLevel.ALL, ConsistencyLevel.THREE):
            for text in ("INSERT INTO surviving (k) VALUES (0)", "SELECT k FROM surviving"):
                assert_unavailable(session, text, level, required=3, alive=2)
        subprocess.run(RESTART.split() + ["2"], check=True)
        write_for(session, insertion, 5, state)
        wait_until(lambda: victim in listener.ups, "the driver knows that the node is up", 40)
        write_for(session, insertion, 2, state)
        found = {row.k for row in session.execute("SELECT k FROM surviving")}
        lost = set(state["written"]) - found
        print(f"    {len(state['written'])} rows written, {len(state['errors'])} errors, "
              f"longest gap {state['gap']:.1f} s")
        assert not lost, f"{len(lost)} acknowledged rows are lost: {sorted(lost)[:5]}"
        assert state["gap"] < LONGEST_GAP_SECONDS, f"no write for {state['gap']:.1f} s; {state['errors'][-1:]}"


def main(words):
    passed = failed = 0
    suite = Suite()
    for function in CASES:
        if words and not any(word in function.__name__ for word in words):
            continue
        try:
            skipped = function(suite)
            if skipped:
                print(f"left out {function.__name__}: {skipped}")
                continue
            passed += 1
            print(f"ok {function.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED {function.__name__}\n{traceback.format_exc()}", flush=True)
    suite.close()
    print(f"python: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
