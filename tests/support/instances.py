"""`souk up` as a child process, as a user starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

from adapters.embedded import leash
from entrypoints.cli.token import sign
from entrypoints.instance import find
from tests.support.patience import PATIENCE

MARK = "SOUK_INSTANCE"


class Up:
    """A running `souk up`; ``url`` of its API."""

    def __init__(
        self,
        directory: Path,
        *options: str,
        user: int | None = None,
        seeded: bool = False,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self._log = directory.parent / f"{directory.name}.out"
        command = [sys.executable, "-m", "entrypoints.cli", "up", "--data-dir", str(directory)]
        if user is not None:  # who could not reach an interpreter in root's home by himself
            numbers = [str(os.getpid()), str(int(signal.SIGTERM)), str(user), str(user)]
            command = [sys.executable, "-I", "-S", leash.__file__, *numbers, *command]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SOUK_")}
        environment |= variables or {}
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--port", "0", *([] if seeded else ["--empty"]), *options],
                stdout=output,
                stderr=output,
                env=environment,
            )

    def ready(self, within: float = 5 * PATIENCE) -> "Up":
        until = time.monotonic() + within
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                if "souk: ready" in self.said:
                    self.url = json.loads((self.directory / "instance.json").read_text())["url"]
                    return self
            time.sleep(0.05)
        raise AssertionError(f"souk up is not ready:\n{self.said}\n{self._logs()}")

    def _logs(self) -> str:
        logs = (self.directory / "logs").glob("*.log")
        return "\n".join(f"{log.name}: {log.read_text()[-800:]}" for log in logs)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        return self.ask(urllib.request.Request(self.url + path), token)

    def post(self, path: str, body: object, token: str, key: str) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        data = json.dumps(body).encode()
        return self.ask(urllib.request.Request(self.url + path, data, headers), token)

    def ask(self, request: urllib.request.Request, token: str | None) -> tuple[int, bytes]:
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def token(self, role: str, tenant: str) -> str:
        return sign(find(self.directory, {}), role, tenant)

    def stop(self) -> int:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(3 * PATIENCE)

    def kill(self) -> None:
        """Only the parent."""
        self.process.kill()
        self.process.wait()

    def kill_tree(self) -> None:
        everyone = psutil.Process(self.process.pid).children(recursive=True)
        for process in [psutil.Process(self.process.pid), *everyone]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def processes(self) -> list[psutil.Process]:
        """Every process of this directory's instance, `up` itself aside."""
        return [each for each in psutil.process_iter() if self._ours(each)]

    def _ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            marked = process.environ().get(MARK) == str(self.directory)
            return marked or any(str(self.directory) in word for word in process.cmdline()[1:])
        return False


def souk(*words: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run another command on an instance."""
    command = [sys.executable, "-m", "entrypoints.cli", *words, "--data-dir", str(at)]
    return subprocess.run(command, capture_output=True, text=True, timeout=3 * PATIENCE)
