"""The diff of docs/adding-a-context.md makes a context that works."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/adding-a-context.md").read_text()
CHECKS = (
    "tests/wishlists",
    "tests/architecture/test_registration.py",
    "tests/architecture/test_tags.py",
    "tests/docs/test_push.py",
    "tests/http/test_documented.py",
    "tests/nats/test_machines.py",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """With what is compiled already, which takes as long again as the tests."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\n"):
        if name and (ROOT / name).is_file():
            place(tmp_path, name)
            for compiled in (ROOT / name).parent.glob(f"__pycache__/{Path(name).stem}.*.pyc"):
                place(tmp_path, str(compiled.relative_to(ROOT)))
    return tmp_path


def place(where: Path, name: str) -> None:
    (where / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / name, where / name)


def test_the_diff_applies_and_its_tests_pass(copy: Path):
    diff = re.search(r"```diff\n(.*?)\n```", PAGE, re.DOTALL)
    assert diff
    run(copy, "git", "init", "-q")
    run(copy, "git", "apply", "-", input=diff[1] + "\n")
    run(copy, sys.executable, "-m", "tests.architecture.freeze")

    said = run(copy, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *CHECKS)

    assert re.search(r"\d+ passed", said)
    assert "failed" not in said


def run(where: Path, *command: str, input: str | None = None) -> str:
    done = subprocess.run(command, cwd=where, input=input, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
