#!/usr/bin/env python3
"""A cluster of real processes for tests: starts nodes of build/keyzone in a directory of their own.

  cluster.py [--nodes 3|6] -- COMMAND...   starts a cluster, runs the command with the variables below, stops it
  cluster.py kill DIRECTORY NODE           kill -9 of one node (1 is the first)
  cluster.py restart DIRECTORY NODE        starts it again; returns at once

The command finds KEYZONE_HOSTS (addresses, separated by commas), KEYZONE_PORT, KEYZONE_DC, KEYZONE_REPLICAS,
KEYZONE_PROGRAM, and KEYZONE_KILL_CMD and KEYZONE_RESTART_CMD, which take the number of a node. Without such a cluster
the suites run against any other server with the first four set; then they leave out what kills a node.
"""
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("KEYZONE_PROGRAM", os.path.join(ROOT, "build", "keyzone"))
PORT = int(os.environ.get("KEYZONE_TEST_PORT", "9542"))
STORAGE_PORT = int(os.environ.get("KEYZONE_TEST_STORAGE_PORT", "17542"))
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15


class Cluster:
    """Nodes 1..n on 127.0.0.1..n, zones az1 az2 az3 in turn, data in `directory`/node<i>."""

    def __init__(self, directory, nodes=3, flags=()):
        self.directory = directory
        self.nodes = nodes
        self.flags = list(flags)

    @staticmethod
    def load(directory):
        with open(os.path.join(directory, "cluster.json"), encoding="utf-8") as file:
            saved = json.load(file)
        return Cluster(directory, saved["nodes"], saved["flags"])

    def save(self):
        with open(os.path.join(self.directory, "cluster.json"), "w", encoding="utf-8") as file:
            json.dump({"nodes": self.nodes, "flags": self.flags}, file)

    def address(self, node):
        return f"127.0.0.{node}"

    def port(self, _node):
        return PORT

    def storage_port(self, _node):
        return STORAGE_PORT

    def within(self, _node):
        """The words in front of a node's command."""
        return []

    def hosts(self):
        return [self.address(node) for node in range(1, self.nodes + 1)]

    def data(self, node):
        return os.path.join(self.directory, f"node{node}")

    def start(self, node):
        os.makedirs(self.data(node), exist_ok=True)
        seeds = ",".join(f"{self.address(seed)}:{self.storage_port(seed)}" for seed in (1, 2, 3))
        command = self.within(node) + [PROGRAM, "node", "--zone", f"az{(node - 1) % 3 + 1}", "--seeds", seeds,
                   "--listen_address", self.address(node), "--storage_port", str(self.storage_port(node)),
                   "--rpc_address", self.address(node), "--native_transport_port", str(self.port(node)),
                   "--data_file_directories", self.data(node)] + self.flags
        with open(os.path.join(self.data(node), "stderr.log"), "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        with open(self._pid_file(node), "w", encoding="utf-8") as file:
            file.write(str(process.pid))
        return process

    def _pid_file(self, node):
        return os.path.join(self.directory, f"node{node}.pid")

    def pid(self, node):
        try:
            with open(self._pid_file(node), encoding="utf-8") as file:
                return int(file.read())
        except (OSError, ValueError):
            return None

    def alive(self, node):
        """Whether the node's process runs; a zombie does not."""
        try:
            with open(f"/proc/{self.pid(node)}/stat", encoding="utf-8") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def signal(self, node, number):
        if self.alive(node):
            os.kill(self.pid(node), number)

    def kill(self, node):
        self.signal(node, signal.SIGKILL)
        self._wait_gone(node)

    def stop(self, node):
        """SIGTERM, and the seconds that it took."""
        started = time.monotonic()
        self.signal(node, signal.SIGTERM)
        self._wait_gone(node)
        return time.monotonic() - started

    def _wait_gone(self, node):
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while self.alive(node):
            if time.monotonic() > deadline:
                self.signal(node, signal.SIGKILL)
            time.sleep(0.02)

    def wait_ready(self, node=1, seconds=READY_SECONDS_MAX):
        """Until every tablet has a leader, as `node` sees it; raises when that does not come."""
        result = subprocess.run([PROGRAM, "status", "--host", self.address(node), "--port", str(self.port(node)),
                                 "--wait", str(seconds)], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"node {node} is not ready: {result.stdout}{result.stderr}{self.last_words()}")

    def last_words(self, lines=5):
        text = ""
        for node in range(1, self.nodes + 1):
            with open(os.path.join(self.data(node), "stderr.log"), encoding="utf-8", errors="replace") as file:
                text += f"\nnode {node}:\n" + "".join(file.readlines()[-lines:])
        return text

    def __enter__(self):
        for node in range(1, self.nodes + 1):
            with socket.socket() as probe:
                if probe.connect_ex((self.address(node), self.port(node))) == 0:
                    raise RuntimeError(f"port {self.port(node)} on {self.address(node)} is in use")
        self.save()
        for node in range(1, self.nodes + 1):
            self.start(node)
        try:
            for node in range(1, self.nodes + 1):  # one that has just joined is not in every other's list yet
                self.wait_ready(node)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for number in (signal.SIGCONT, signal.SIGTERM):
            for node in range(1, self.nodes + 1):
                self.signal(node, number)
        for node in range(1, self.nodes + 1):
            self._wait_gone(node)

    def environment(self):
        script = f"{shlex.quote(sys.executable)} {shlex.quote(os.path.abspath(__file__))}"
        directory = shlex.quote(self.directory)
        return dict(os.environ, KEYZONE_HOSTS=",".join(self.hosts()), KEYZONE_PORT=str(PORT), KEYZONE_DC="datacenter1",
                    KEYZONE_REPLICAS="3", KEYZONE_PROGRAM=PROGRAM, KEYZONE_KILL_CMD=f"{script} kill {directory}",
                    KEYZONE_RESTART_CMD=f"{script} restart {directory}")


def run_with_cluster(nodes, command):
    directory = tempfile.mkdtemp(prefix="keyzone-cluster-")
    code = 1
    try:
        with Cluster(directory, nodes) as cluster:
            code = subprocess.run(command, env=cluster.environment(), check=False).returncode
            if code not in (0, 77):
                print(cluster.last_words(20))
    finally:
        if code in (0, 77) or os.environ.get("KEYZONE_KEEP") is None:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"the nodes' data and logs are kept in {directory}")
    return code


def main(arguments):
    if len(arguments) == 3 and arguments[0] in ("kill", "restart"):
        cluster = Cluster.load(arguments[1])
        if arguments[0] == "kill":
            cluster.kill(int(arguments[2]))
        else:
            cluster.start(int(arguments[2]))
        return 0
    nodes = 3
    if arguments[:1] == ["--nodes"]:
        nodes = int(arguments[1])
        arguments = arguments[2:]
    if arguments[:1] != ["--"] or len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    return run_with_cluster(nodes, arguments[1:])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the nodes are stopped, too
    sys.exit(main(sys.argv[1:]))
