"""One erasure from its first word to its receipt. Whatever ends it half-way, running it again
finishes it: each step may be done twice."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from msgspec import Struct
from msgspec.structs import replace

from adapters.asof import tidying
from adapters.erasing import brokers, files, held, rows
from adapters.erasing.receipts import Receipt, Receipts, Signed
from adapters.log.chain import has
from adapters.log.log import PostgresLog
from adapters.media.objects import Objects
from adapters.postgres.pools import APPEND, Connection, unavailable
from adapters.projector.leader import connected
from application.commands import Commands
from application.erasures import Erasures
from application.ports import Call

NAME = "souk-erase"
TURN = 30_000  # milliseconds that an erasure waits for another of the same person
THEIRS = ("rows", "changes", "answers", "files")  # what has words of a person


class Places(Struct, frozen=True):
    """Where something of a person may be. ``objects`` None: there is no S3 server."""

    postgres_url: str
    valkey_url: str
    nats_url: str
    log: PostgresLog
    objects: Objects | None
    receipts: Receipts


class Eraser:
    def __init__(self, places: Places) -> None:
        self._at = places

    @property
    def log(self) -> PostgresLog:
        return self._at.log

    @property
    def receipts(self) -> Receipts:
        return self._at.receipts

    async def has(self, tenant: str) -> bool:
        """Whether anything ever happened there."""
        async with self._reading() as db:
            return await has(db, tenant)

    async def holding(self, tenant: str, subject: str) -> held.Holding:
        """What there is of them; nothing is changed."""
        async with self._reading() as db:
            return await held.holding(db, self._at.log, self._at.log.keyring, tenant, subject)

    async def copy(self, tenant: str, subject: str) -> held.Copy:
        """What there is of them, opened, for themselves."""
        async with self._reading() as db:
            return await held.copy(db, self._at.log, self._at.log.keyring, tenant, subject)

    async def erase(self, call: Call, subject: str, reason: str) -> Signed:
        """Said in the log, the key destroyed, everything purged, the receipt kept. Again: what is
        left of them is purged, and added to the receipt, which stays as it is if nothing was.

        When this returns no process opens their data any more. Raises Rejected, Unavailable.
        """
        async with self._alone(call.tenant, subject):
            position, purged = await self.carry_out(call, subject, reason)
            kept = await self._at.receipts.of(call.tenant, subject)
            # The rest is made anew by whatever happens, the erasure too, with nothing of theirs.
            news = any(purged.get(name) for name in THEIRS)
            if kept is not None and kept.receipt.position == position and not news:
                return kept
            if kept is None:
                now, code = datetime.now(UTC), version("souk")
                receipt = Receipt(call.tenant, subject, reason, now, position, purged, code)
            else:
                counts = Counter(kept.receipt.purged) + Counter(purged)
                told = {name: counts[name] for name in {**kept.receipt.purged, **purged}}
                receipt = replace(kept.receipt, position=position, purged=told)
            signed = self._at.receipts.signed(receipt)
            await self._at.receipts.keep(signed)
            return signed

    async def carry_out(self, call: Call, subject: str, reason: str) -> tuple[int, dict[str, int]]:
        """Without a receipt: where it is said in the log, and what was purged."""
        said = await Erasures(Commands(self._at.log)).erase(call, subject, reason)
        await self._at.log.keyring.destroy(call.tenant, subject)
        return said.position, await self._purge(call.tenant, subject, call.actor)

    async def _purge(self, tenant: str, subject: str, actor: str) -> dict[str, int]:
        at = self._at
        async with self._reading() as db:
            streams = (await held.holding(db, at.log, at.log.keyring, tenant, subject)).streams
            purged = await rows.purge_rows(db, tenant, subject)
            await db.execute(f"SET ROLE {APPEND}")
            purged["answers"] = await rows.purge_answers(db, tenant, subject)
            purged["snapshots"] = await rows.purge_snapshots(db, tenant, list(streams))
        purged["folds"] = await tidying.drop_all(at.postgres_url, tenant)
        purged["valkey"] = await brokers.purge_keys(at.valkey_url, tenant, subject)
        purged["messages"] = await brokers.purge_messages(at.nats_url, tenant, subject)
        async with self._reading() as db:
            if at.objects is not None:
                purged["files"] = await files.purge_files(
                    db, at.log, at.objects, tenant, subject, actor
                )
        return purged

    @asynccontextmanager
    async def _alone(self, tenant: str, subject: str) -> AsyncIterator[None]:
        """One erasure of a person at once, in any process: each counts what it purged. Raises
        Unavailable where another does not end."""
        async with AsyncExitStack() as stack:
            with unavailable():
                db = await stack.enter_async_context(self._reading())
                await db.execute(f"SET lock_timeout = {TURN}")
                name = f"{NAME}/{tenant}/{subject}"
                await db.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
            yield

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        """As souk_project. It may take long: a whole tenant is looked through."""
        async with connected(self._at.postgres_url, NAME) as db:
            await db.execute("SET statement_timeout = 0")
            await db.execute("SET enable_seqscan = on")
            yield db
