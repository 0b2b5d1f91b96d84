"""What peers need: packages of npm and PyPI, in a folder of the bench's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.work import Absent, Site

HERE = Path(__file__).parent
PATIENCE = 300  # seconds that an installation may take


def npm(site: Site, peer: str, *build: str) -> Path:
    """The folder of a peer with its packages, built with ``build``. Raises Absent."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise Absent(f"{program} is not installed")
    folder = Path(site.tools) / peer
    source = HERE / "peers" / peer
    if not _is_ready(folder, source / "package.json"):
        shutil.copytree(source, folder, dirs_exist_ok=True)
        _run(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
        _ready(folder, source / "package.json")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if build:
        _run(folder, *build)
    return folder


def python(site: Site) -> Path:
    """The interpreter of a virtualenv with requirements.txt. Raises Absent."""
    folder, wanted = Path(site.tools) / "venv", HERE / "requirements.txt"
    interpreter = folder / "bin" / "python"
    if not _is_ready(folder, wanted):
        folder.mkdir(parents=True, exist_ok=True)
        _run(folder, sys.executable, "-m", "venv", str(folder))
        pip = "-m", "pip", "install", "--quiet", "--disable-pip-version-check"
        _run(folder, str(interpreter), *pip, "-r", str(wanted))
        _ready(folder, wanted)
    return interpreter


def compiled(site: Site, name: str) -> Path:
    """A load generator: "load" of requests, "watch" of sockets. Raises Absent."""
    source, program = HERE / f"{name}.c", Path(site.tools) / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        draft = program.with_name(f"{name}.{os.getpid()}")
        _run(HERE, "cc", "-O2", "-D_GNU_SOURCE", "-o", str(draft), str(source))
        draft.rename(program)
    return program


def _is_ready(folder: Path, pins: Path) -> bool:
    """Installed from these very pins."""
    marker = folder / "installed"
    return marker.exists() and marker.read_bytes() == pins.read_bytes()


def _ready(folder: Path, pins: Path) -> None:
    (folder / "installed").write_bytes(pins.read_bytes())


def _run(folder: Path, *command: str) -> None:
    try:
        subprocess.run(  # noqa: S603
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise Absent(f"{' '.join(command[:3])} fails: {said.strip()[-300:]}") from error
