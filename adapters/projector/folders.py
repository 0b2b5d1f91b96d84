"""All tables of one projection, folded together."""

from collections.abc import Sequence

from adapters.postgres.pools import Connection
from adapters.projector.changes import Change
from adapters.projector.folding import Folder, Poison
from adapters.projector.kinds import is_logged
from adapters.projector.window import Illegible
from domain.kernel import Recorded
from projections.kernel import Projection


class Folders:
    """Each table hears what the tables before it tell. As in Folder: ``fold``, ``flush``,
    ``changes``, then ``keep`` or ``forget``."""

    def __init__(self, projection: Projection, schema: str = "read") -> None:
        """``schema``: where its tables are."""
        self._folders = [Folder(table, schema) for table in projection.TABLES]
        self._tells_what_is_sought = any(
            not is_logged(kind) for table in projection.TABLES for kind in table.related
        )

    def searches(self, events: Sequence[Recorded]) -> bool:
        """Whether rows must be found by content, which takes what is folded to the tables first."""
        return self._tells_what_is_sought or any(f.searches(events) for f in self._folders)

    async def fold(self, db: Connection, events: Sequence[Recorded], at: int | None = None) -> None:
        """``at``: the position to give the changes instead of their last events' own. Raises
        Poison."""
        for recorded in events:
            if type(recorded.event) is Illegible:
                raise Poison(recorded.event.error)
        for folder in self._folders:
            await folder.fold(db, events, at)
            if folder.told:  # each right behind its cause
                events = sorted([*events, *folder.told], key=lambda recorded: recorded.position)

    async def flush(self, db: Connection) -> None:
        for folder in self._folders:
            await folder.flush(db)

    def changes(self) -> list[Change]:
        return [change for folder in self._folders for change in folder.changes()]

    def keep(self) -> None:
        for folder in self._folders:
            folder.keep()

    def forget(self) -> None:
        for folder in self._folders:
            folder.forget()
