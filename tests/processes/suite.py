"""Runs the cases of this folder, each in a directory of its own."""
import os
import shutil
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "drivers")]
import cluster_cases  # noqa: E402
import command_cases  # noqa: E402
import network_cases  # noqa: E402
import refusal_cases  # noqa: E402
import schema_cases  # noqa: E402


def main(words):
    passed = failed = 0
    for case in (refusal_cases.CASES + cluster_cases.CASES + network_cases.CASES + schema_cases.CASES +
                 command_cases.CASES):
        if words and not any(word in case.__name__ for word in words):
            continue
        directory = tempfile.mkdtemp(prefix=f"keyzone-{case.__name__}-")
        try:
            left_out = case(directory)
            if left_out:
                print(f"skipped: {case.__name__}: {left_out}", flush=True)
                continue
            passed += 1
            print(f"ok {case.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED {case.__name__}\n{traceback.format_exc()}", flush=True)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"processes: {passed} passed, {failed} failed", flush=True)
    os._exit(1 if failed else 0)  # the driver's threads needn't come to an end


if __name__ == "__main__":
    main(sys.argv[1:])
