"""A node that must not start says why, in one sentence, and ends."""
import os
import socket
import subprocess

from cluster import PORT, PROGRAM, STORAGE_PORT, Cluster

SECONDS_MAX = 15


def run_node(*flags, environment=None):
    """Starts a node that is expected to end by itself; gives its exit code and what it said."""
    result = subprocess.run([PROGRAM, "node", *flags], capture_output=True, text=True, timeout=SECONDS_MAX,
                            env=dict(os.environ, **(environment or {})), check=False)
    return result.returncode, result.stdout + result.stderr


def node_flags(directory, zone="az1", address="127.0.0.1", **changes):
    values = {"zone": zone, "seeds": ",".join(f"127.0.0.{n}:{STORAGE_PORT}" for n in (1, 2, 3)),
              "listen_address": address, "storage_port": STORAGE_PORT, "rpc_address": address,
              "native_transport_port": PORT, "data_file_directories": directory, **changes}
    return [f"--{key}={value}" for key, value in values.items()]


def bad_configuration(directory):
    path = os.path.join(directory, "bad.conf")
    for text, words in (("zone = az1\nnative_port = 1\n", ("bad.conf:2", "native_port")),
                        ("zone = az1\n\nstorage_port = x\n", ("bad.conf:3", "storage_port", '"x"'))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        code, said = run_node("--config", path)
        assert code == 2, f"exit code {code}: {said}"
        assert all(word in said for word in words) and said.count("\n") == 1, said
    code, said = run_node("--no_such_key=1")
    assert code == 2 and "no_such_key" in said, f"{code}: {said}"
    code, said = run_node(environment={"KEYZONE_SHARDS": "many"})
    assert code == 2 and "KEYZONE_SHARDS" in said, f"{code}: {said}"
    code, said = run_node("--config", os.path.join(directory, "none.conf"))
    assert code == 2 and "none.conf" in said, f"{code}: {said}"


def port_in_use(directory):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", STORAGE_PORT))
        taken.listen()
        code, said = run_node(*node_flags(directory))
    assert code == 1, f"exit code {code}: {said}"
    assert str(STORAGE_PORT) in said, said


def addresses_that_nobody_reaches(directory):
    code, said = run_node(*node_flags(directory, listen_address="0.0.0.0"))
    assert code == 2 and "broadcast_address" in said, f"exit code {code}: {said}"
    code, said = run_node(*node_flags(directory, rpc_address="no host has blanks"))
    assert code == 1 and "rpc_address" in said and "no host has blanks" in said, f"exit code {code}: {said}"
    assert said.count("\n") == 1, said


def missing_right(directory):
    if os.getuid() == 0:
        path = "/proc/keyzone"  # where not even root may write
    else:
        path = "/keyzone"
    code, said = run_node(*node_flags(path))
    assert code == 1 and path in said, f"exit code {code}: {said}"
    assert directory


def folder_of_somebody_else(directory):
    """In use by another process; of another zone; of another cluster."""
    with Cluster(directory) as cluster:
        code, said = run_node(*node_flags(cluster.data(1), storage_port=STORAGE_PORT + 1,
                                          native_transport_port=PORT + 1))
        assert code == 1 and "use" in said, f"in use: exit code {code}: {said}"
        cluster.stop(3)
        code, said = run_node(*node_flags(cluster.data(3), zone="az2", address="127.0.0.3"))
        assert code == 1 and "az3" in said, f"another zone: exit code {code}: {said}"
        code, said = run_node(*node_flags(cluster.data(3), zone="az3", address="127.0.0.3", cluster_name="other"))
        assert code == 1 and "other" in said, f"another cluster: exit code {code}: {said}"
        cluster.start(3)
        cluster.wait_ready(3)


CASES = [bad_configuration, addresses_that_nobody_reaches, port_in_use, missing_right, folder_of_somebody_else]
