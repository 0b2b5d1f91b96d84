"""Erasures once more, on a state that was restored from before them and has the keys again."""

from collections.abc import Iterable
from uuid import NAMESPACE_URL, uuid5

from adapters.erasing.eraser import Eraser
from adapters.erasing.receipts import Receipt
from application.ports import Call

ACTOR = "restore"


async def replay(eraser: Eraser, receipts: Iterable[Receipt]) -> list[Receipt]:
    """Each is done whole: what is erased already is found to be. Their own receipts stay as they
    were. Those that were done."""
    done = []
    for receipt in receipts:
        id = uuid5(NAMESPACE_URL, f"souk:erasure:{receipt.tenant}/{receipt.subject}")
        call = Call(receipt.tenant, ACTOR, id, id, None, receipt.at)
        await eraser.carry_out(call, receipt.subject, receipt.reason)
        done.append(receipt)
    return done
