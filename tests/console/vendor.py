"""The console's libraries, made again from their packages: what npm is configured with serves them.

python -m tests.console.vendor                    # as vendor.json pins them
python -m tests.console.vendor lit-html 3.4.0     # another version, which is pinned then
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CONSOLE = Path(__file__).parents[2] / "entrypoints" / "console"
PINS, FOLDER = CONSOLE / "vendor.json", CONSOLE / "vendor"


def digest(data: bytes) -> str:
    """As browsers and npm write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def place(name: str, pin: dict) -> Path:
    """With the version in it, so that what is there never changes."""
    return FOLDER / f"{name}-{pin['version']}"


def packed(name: str, version: str) -> bytes:
    with tempfile.TemporaryDirectory() as there:
        command = ["npm", "pack", "--silent", "--pack-destination", there, f"{name}@{version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (package,) = Path(there).iterdir()
        return package.read_bytes()


def unpacked(package: bytes, wanted: list[str]) -> dict[str, bytes]:
    with tempfile.TemporaryFile() as file:
        file.write(package)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            return {name: archive.extractfile(f"package/{name}").read() for name in wanted}


def fetch(name: str, pin: dict, new: bool) -> None:
    package = packed(name, pin["version"])
    files = unpacked(package, list(pin["files"]))
    found = {"package": digest(package), "files": {n: digest(d) for n, d in files.items()}}
    if new:
        pin.update(found)
    elif found != {"package": pin["package"], "files": pin["files"]}:
        raise SystemExit(f"{name} {pin['version']} is not what vendor.json pins")
    for path, data in files.items():
        file = place(name, pin) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def main(words: list[str]) -> None:
    pins = json.loads(PINS.read_text())
    if words:
        name, pins[name]["version"] = words
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, pin in pins.items():
        fetch(name, pin, new=words[:1] == [name])
    PINS.write_text(json.dumps(pins, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
