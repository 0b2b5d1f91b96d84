"""Erasures once more, on a state that was restored from before them and has the keys again."""

from uuid import NAMESPACE_URL, uuid5

from adapters.erasing.eraser import Eraser
from adapters.erasing.receipts import Forged, Receipt
from application.ports import Call

ACTOR = "restore"


async def replay(eraser: Eraser) -> list[Receipt]:
    """Of every receipt, each whole: what is erased already is found to be. The receipts stay as
    they were. Those that were done; raises Forged after them if there are any that are not ours."""
    done, (receipts, forged) = [], await eraser.receipts.all()
    for receipt in receipts:
        id = uuid5(NAMESPACE_URL, f"souk:erasure:{receipt.tenant}/{receipt.subject}")
        call = Call(receipt.tenant, ACTOR, id, id, None, receipt.at)
        await eraser.carry_out(call, receipt.subject, receipt.reason)
        done.append(receipt)
    if forged:
        raise Forged("; ".join(map(str, forged)))
    return done
