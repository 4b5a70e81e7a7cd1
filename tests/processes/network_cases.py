"""Nodes that have names instead of addresses, and nodes on hosts of their own: network namespaces that a bridge joins, where
what is cut off is lost without a word."""
import os
import subprocess
import sys
import time

from cassandra.query import SimpleStatement
from cluster import PORT, STORAGE_PORT, Cluster
from helpers import KEYSPACE, connect, connect_one, keys, make_table, nodes_connected, status, wait_until, write_rows

HERE = os.path.dirname(os.path.abspath(__file__))
INSIDE = "KEYZONE_TEST_NETWORK"  # the name of the network that a case runs in
CUT_SECONDS = float(os.environ.get("KEYZONE_TEST_CUT_SECONDS", "15"))
BACK_SECONDS_MAX = 8                # TCP alone tries again after about as long again as the cut took


class ClusterOfOneHost(Cluster):
    """Nodes of one name, and a port each."""

    def address(self, _node):
        return "localhost"

    def port(self, node):
        return PORT + node - 1

    def storage_port(self, node):
        return STORAGE_PORT + node - 1


def nodes_have_names(directory):
    with ClusterOfOneHost(directory) as cluster:
        session = connect_one("127.0.0.1", cluster.port(1))
        make_table(session)
        write_rows(session, 0, 100)
        row = session.execute("SELECT listen_address, rpc_address FROM system.local").one()
        assert (row.listen_address, row.rpc_address) == ("127.0.0.1", "127.0.0.1"), row
        peers = {(row.peer, row.peer_port, row.native_port) for row in session.execute("SELECT * FROM system.peers_v2")}
        nodes = {("127.0.0.1", cluster.storage_port(node), cluster.port(node)) for node in (1, 2, 3)}
        assert len(peers) == 2 and peers < nodes, peers  # of the node that answered, which may be any
        cluster.stop(1)
        cluster.start(1)
        cluster.wait_ready(1)
        for node in (1, 2, 3):
            assert keys(connect_one("127.0.0.1", cluster.port(node))) == list(range(100))


class Network:
    """Namespaces NAME1 to NAME3 with a host each, and NAME0 with the bridge and whoever talks to them. To make them takes
    the right to administer the network."""

    def __init__(self, name):
        self.name = name

    @staticmethod
    def address(host):
        return f"10.77.0.{host}"

    def ip(self, host, *words):
        subprocess.run(["ip", "-n", f"{self.name}{host}", *words], check=True, capture_output=True, text=True)

    def __enter__(self):
        try:
            for host in range(4):
                subprocess.run(["ip", "netns", "add", f"{self.name}{host}"], check=True, capture_output=True, text=True)
                self.ip(host, "link", "set", "lo", "up")
            self.ip(0, "link", "add", "bridge", "type", "bridge")
            self.ip(0, "link", "set", "bridge", "up")
            self.ip(0, "address", "add", f"{self.address(254)}/24", "dev", "bridge")
            for host in (1, 2, 3):
                self.ip(host, "link", "add", "wire", "type", "veth", "peer", "name", f"port{host}", "netns",
                        f"{self.name}0")
                self.ip(host, "address", "add", f"{self.address(host)}/24", "dev", "wire")
                self.ip(host, "link", "set", "wire", "up")
                self.ip(0, "link", "set", f"port{host}", "master", "bridge")
                self.ip(0, "link", "set", f"port{host}", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for host in range(4):
            subprocess.run(["ip", "netns", "delete", f"{self.name}{host}"], check=False, capture_output=True)

    def cut(self, host):
        """What the host sends, and what is sent to it, gets lost from now on; nobody is told."""
        self.ip(0, "link", "set", f"port{host}", "nomaster")

    def mend(self, host):
        self.ip(0, "link", "set", f"port{host}", "master", "bridge")


class ClusterApart(Cluster):
    def __init__(self, directory, network):
        super().__init__(directory)
        self.network = network

    def address(self, node):
        return self.network.address(node)

    def within(self, node):
        return ["ip", "netns", "exec", f"{self.network.name}{node}"]


def in_a_network(case):
    """Runs the case in a process of its own, within a network that is made for it."""
    def run(directory):
        if INSIDE in os.environ:
            return case(directory, Network(os.environ[INSIDE]))
        name = f"keyzone-{os.getpid()}-"
        try:
            network = Network(name).__enter__()
        except (OSError, subprocess.CalledProcessError) as problem:
            return f"no network namespaces here: {getattr(problem, 'stderr', problem)}"
        try:
            result = subprocess.run(["ip", "netns", "exec", f"{name}0", sys.executable, os.path.join(HERE, "suite.py"),
                                     case.__name__], env=dict(os.environ, **{INSIDE: name}), capture_output=True,
                                    text=True, check=False)
        finally:
            network.__exit__()
        assert result.returncode == 0, result.stdout + result.stderr
        print("\n".join(line for line in result.stdout.splitlines() if line.startswith("    ")))
        return None
    run.__name__ = case.__name__
    return run


@in_a_network
def a_node_that_is_cut_off_comes_back(directory, network):
    with ClusterApart(directory, network) as cluster:
        session = connect(cluster.hosts())
        make_table(session)
        write_rows(session, 0, 100)
        network.cut(2)
        end = time.monotonic() + CUT_SECONDS
        wait_until(lambda: status(cluster.address(1))[1][cluster.address(2)] == "DN", "node 2 is missed")
        written = 100
        others = connect([cluster.address(1), cluster.address(3)], patient=True)
        while time.monotonic() < end:
            write_rows(others, written, written + 20)
            written += 20
            time.sleep(0.1)
        assert written > 100, "the others took no writes"
        network.mend(2)
        mended = time.monotonic()

        def reads_there():
            try:
                query = SimpleStatement(f"SELECT count(*) FROM {KEYSPACE}.t")
                return connect_one(cluster.address(2), seconds=2).execute(query).one()[0] == written
            except Exception:  # pylint: disable=broad-except
                return False
        wait_until(reads_there, "the node that was cut off answers", BACK_SECONDS_MAX)
        print(f"    {written} rows, {CUT_SECONDS:.0f} s apart; together again after {time.monotonic() - mended:.1f} s")
        assert keys(session) == list(range(written))
        wait_until(lambda: nodes_connected(session) == 3, "the driver is back at the node", 60)


CASES = [nodes_have_names, a_node_that_is_cut_off_comes_back]
