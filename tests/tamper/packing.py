"""Bundles taken apart, and packed again as an attacker would."""

import hashlib
import json
import zipfile
from pathlib import Path

from adapters.bundle.container import written
from adapters.bundle.manifest import FILES, MANIFEST


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zip:
        return {name: zip.read(name) for name in zip.namelist()}


def packed(path: Path, files: dict[str, bytes], honest: bool = False) -> Path:
    """A bundle of these files; unless ``honest``, its manifest is made to fit them."""
    if not honest:
        said = json.loads(files[MANIFEST])
        for name in FILES:
            text = files[name]
            said["files"][name] = {
                "lines": text.count(b"\n"),
                "bytes": len(text),
                "sha256": hashlib.sha256(text).hexdigest(),
            }
        files = {**files, MANIFEST: json.dumps(said, separators=(",", ":")).encode() + b"\n"}
    with written(path) as writer:
        for name, text in files.items():
            with writer.file(name) as file:
                file.write(text)
    return path


def line(files: dict[str, bytes], name: str, number: int) -> bytes:
    return files[name].splitlines(keepends=True)[number]


def with_line(files: dict[str, bytes], name: str, number: int, text: bytes) -> dict[str, bytes]:
    lines = files[name].splitlines(keepends=True)
    lines[number] = text
    return {**files, name: b"".join(lines)}
