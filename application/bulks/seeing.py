"""What a bulk would come to, counted while it is tried."""

from collections import Counter
from collections.abc import Sequence

from application.bulks.deciding import Decided
from application.bulks.items import Blocked, Example, Kind, Preview
from domain.bulks import Refusal

SHOWN = 100  # refused and blocked items that are told at once
EXAMPLES = 10
WORDS = ("create", "update", "delete", "restore", "unchanged")


class Seen:
    """A preview as it grows."""

    def __init__(self, kind: Kind) -> None:
        self._kind, self._would = kind, Counter[str]()
        self._examples: list[Example] = []
        self._refused: list[Refusal] = []
        self._blocked: list[Blocked] = []
        self._refused_count = self._blocked_count = 0

    def take(self, chunk: Sequence[Decided]) -> None:
        for done in chunk:
            if done.blocked:
                self._blocked_count += 1
                self._blocked += [done.blocked][: SHOWN - len(self._blocked)]
            elif done.refusal:
                self._refused_count += 1
                self._refused += [done.refusal][: SHOWN - len(self._refused)]
            else:
                op = self._op(done)
                self._would[op] += 1
                if op != "unchanged" and len(self._examples) < EXAMPLES:
                    self._examples.append(self._example(op, done))

    def _op(self, done: Decided) -> str:
        if not done.events:
            return "unchanged"
        if done.item.op == "create":
            return "create"
        gone = self._kind.gone
        if gone(done.before) == gone(done.after):
            return "update"
        return "delete" if gone(done.after) else "restore"

    def _example(self, op: str, done: Decided) -> Example:
        after = self._kind.shown(done.after)
        if op == "create":
            return Example(done.item.id, op, None, dict(after))
        before = self._kind.shown(done.before)
        moved = [name for name, value in after.items() if before[name] != value]
        return Example(
            done.item.id, op, {n: before[n] for n in moved}, {n: after[n] for n in moved}
        )

    def preview(self, total: int) -> Preview:
        return Preview(
            total,
            {word: self._would[word] for word in WORDS},
            tuple(self._examples),
            tuple(self._refused),
            self._refused_count,
            tuple(self._blocked),
            self._blocked_count,
        )
