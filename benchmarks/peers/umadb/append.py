"""umadb: a conditional append of one event, again and again. Run by the peers' own Python.

append.py CALLERS SECONDS FOLDER; the body comes in BENCH_BODY. Prints one line of JSON.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid

import umadb  # type: ignore[import-not-found]

BODY = os.environ["BENCH_BODY"].encode()
now = time.perf_counter


def main(callers: int, seconds: float, folder: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{probe.getsockname()[1]}"
    start = "from umadb.umadb_server_cli import main; main()"
    command = [sys.executable, "-c", start, "--listen", at, "--db-path", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        answers(at)
        print(json.dumps(measured(at, callers, seconds)))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(10)


def answers(at: str) -> None:
    host, _, port = at.partition(":")
    for _ in range(100):
        try:
            socket.create_connection((host, int(port)), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("umadb does not start")


def measured(at: str, callers: int, seconds: float) -> dict[str, float]:
    took: list[float] = []
    start = now() + 0.7
    end = start + seconds

    def caller() -> None:
        client = umadb.Client(f"http://{at}")
        while (began := now()) < end:
            tag = str(uuid.uuid4())
            unless = umadb.AppendCondition(umadb.Query([umadb.QueryItem([], [tag])]), None)
            client.append([umadb.Event("Created", BODY, [tag])], unless)
            if began >= start and now() <= end:
                took.append(now() - began)

    threads = [threading.Thread(target=caller) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"rate": len(took) / seconds}


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
