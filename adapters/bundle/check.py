"""Checking a bundle: no server, no settings; memory that does not grow with it.

All is read once, as a stream. What must be known of each stream waits on disk.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Raw
from msgspec.json import encode
from msgspec.structs import replace

from adapters.bundle import figures, manifest
from adapters.bundle.container import SMALL, Broken, Reader, Tally, is_sealed, opened
from adapters.bundle.facts import Facts
from adapters.bundle.faults import UNREADABLE, Fault, Faults, Report
from adapters.bundle.figures import OrderFigure
from adapters.bundle.manifest import EVENTS, FIGURES, FILES, KEYS, MANIFEST, ROOTS, File, Manifest
from adapters.bundle.orders import FIGURE, Streams, stream_of
from adapters.bundle.spill import Spill, Step
from adapters.bundle.walk import Walk
from adapters.bundle.witnesses import Keys, Witness, Witnesses
from adapters.projector.verify import Progress
from adapters.roots import keys, statement
from adapters.roots.keys import Public

OUTSIDE = "bundle"


def check(
    path: Path,
    progress: Progress,
    trusted: Sequence[Public] = (),
    kept: Sequence[Witness] = (),
) -> Report:
    """``trusted``: only what these keys signed is signed. ``kept``: roots that the auditor got some
    other way, and kept. Every fault is in the report; it raises nothing but OSError."""
    return Check(path, progress, trusted, kept).run()


class Check:
    """Of one bundle."""

    def __init__(
        self, path: Path, progress: Progress, trusted: Sequence[Public], kept: Sequence[Witness]
    ) -> None:
        self._path, self._progress, self._trusted = path, progress, trusted
        self._kept = sorted(kept, key=lambda witness: witness.root.size)
        self._faults = Faults()
        self._report = Report()

    def run(self) -> Report:
        if not is_sealed(self._path):
            self._tell(OUTSIDE, "bytes of it were changed since it was written")
        with self._told(OUTSIDE), opened(self._path) as reader:
            self._check(reader)
        found, number = tuple(self._faults.first), self._faults.number
        return replace(self._report, faults=number, found=found, whole=not number)

    def _check(self, reader: Reader) -> None:
        for name in sorted({*FILES, MANIFEST} - set(reader.names)):
            self._tell(name, "is missing")
        if len(set(reader.names)) < len(reader.names) or {*reader.names} - {*FILES, MANIFEST}:
            self._tell(OUTSIDE, "has files that do not belong to it")
        said = self._manifest(reader)
        if said is not None:
            self._progress.start(min(said.files[EVENTS].lines, 2**40))
            self._contents(reader, said)

    def _manifest(self, reader: Reader) -> Manifest | None:
        with self._told(MANIFEST):
            said = manifest.read(b"\n".join(reader.lines(MANIFEST, most=SMALL)))
            if set(said.files) == set(FILES):
                return said
            self._tell(MANIFEST, "does not name the files")
        return None

    def _contents(self, reader: Reader, said: Manifest) -> None:
        known = self._keys(reader, said.files[KEYS])
        judging = Keys(self._trusted, known)
        witnesses = Witnesses(
            said.tenant, self._roots(reader, said.files[ROOTS]), self._kept, judging, self._faults
        )
        facts = Facts(said.figures, self._faults)
        streams = Streams(said.figures.get("order"), self._faults)
        with Spill(said.files[EVENTS].lines) as spill:
            walk = Walk(said.tenant, spill, facts, witnesses, self._faults)
            for line, text in self._lines(reader, EVENTS, said.files[EVENTS]):
                walk.follow(line, text)
                self._progress.advance(1)
            witnesses.finish()
            if self._trusted and not witnesses.roots + witnesses.kept:
                self._tell(ROOTS, "there is none that a trusted key could have signed")
            self._ends(said, walk)
            self._figures(reader, said, spill, facts)
            with self._told(EVENTS):
                for part in spill.parts():
                    streams.look(part)
        self._report = Report(
            tenant=said.tenant,
            first=walk.first,
            last=walk.position,
            events=walk.events,
            streams=streams.number,
            roots=witnesses.roots,
            signed=witnesses.signed,
            keys=tuple(sorted(judging.used)),
            kept=witnesses.kept,
            covered=witnesses.covered,
            proven=witnesses.proven,
            figures=facts.compared + streams.compared,
        )

    def _ends(self, said: Manifest, walk: Walk) -> None:
        """First, last, and the last link as it is kept apart."""
        ends = {"first": (said.first, walk.first), "last": (said.last, walk.position)}
        if said.end is not None:
            ends["end"] = (said.end.position, walk.position)
            if said.end.hash != walk.end.hex():
                what = "not the hash of the last event"
                self._faults.tell(Fault(MANIFEST, what, said.end.position, field="end"))
        elif said.upto is None:
            self._faults.tell(Fault(MANIFEST, "nothing is said of the chain's end", field="end"))
        for field, (told, found) in ends.items():
            if told != found:
                what = f"{told}, but the events come to {found}"
                self._faults.tell(Fault(MANIFEST, what, told, field=field))

    def _keys(self, reader: Reader, file: File) -> dict[str, Public]:
        with self._told(KEYS):
            text = b"\n".join(text for _, text in self._lines(reader, KEYS, file))
            return keys.of_jwks(text)
        return {}

    def _roots(self, reader: Reader, file: File) -> Iterator[Witness]:
        for line, text in self._lines(reader, ROOTS, file):
            try:
                yield Witness(statement.read(text), ROOTS, line)
            except UNREADABLE as error:
                self._faults.tell(Fault(ROOTS, f"no root: {error}", line=line))

    def _figures(self, reader: Reader, said: Manifest, spill: Spill, facts: Facts) -> None:
        for line, text in self._lines(reader, FIGURES, said.files[FIGURES]):
            try:
                figure = figures.read(text)
            except UNREADABLE as error:
                self._faults.tell(Fault(FIGURES, f"no figure: {error}", line=line))
                continue
            if isinstance(figure, OrderFigure):
                stream = stream_of(said.tenant, figure.id)
                spill.put(Step(stream, FIGURE, 0, line, "", Raw(encode(figure))))
            else:
                facts.compare(figure, line)
        facts.finish()

    def _lines(self, reader: Reader, name: str, told: File) -> Iterator[tuple[int, bytes]]:
        """Its lines; then whether it is the file that the manifest speaks of."""
        tally, number, most = Tally(), 0, SMALL if name == KEYS else None
        with self._told(name):
            for number, text in enumerate(reader.lines(name, tally, most), 1):
                yield number, text
            if File(number, tally.bytes, tally.sha256) != told:
                self._tell(name, "not the file that the manifest speaks of")

    @contextmanager
    def _told(self, file: str) -> Iterator[None]:
        """What breaks within is a fault of that file."""
        try:
            yield
        except (Broken, *UNREADABLE) as error:
            self._tell(file, f"cannot be read: {error}")

    def _tell(self, file: str, what: str) -> None:
        self._faults.tell(Fault(file, what))
