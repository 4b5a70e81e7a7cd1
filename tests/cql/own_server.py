"""A Keyzone in memory, on ports of its own, for as long as a run needs it."""
import socket
import subprocess
import sys
import time

STARTING_SECONDS_MAX = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program):
    port = free_port()
    process = subprocess.Popen([program, "dev", "--memory", "--port", str(port), "--storage_port", str(free_port())],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + STARTING_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process, "127.0.0.1", port
        except OSError:
            time.sleep(0.1)
    process.kill()
    sys.exit(f"{program} did not start")
