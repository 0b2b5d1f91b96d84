"""Receipts under a signing key that was changed since."""

from datetime import UTC, datetime

from msgspec.structs import replace

from adapters.erasing.receipts import FOLDER, Receipt, Receipts
from adapters.media.objects import Objects
from adapters.tokens.signing import Signer, new_key

RECEIPT = Receipt("bazaar", "ana", "left", datetime(2026, 5, 16, tzinfo=UTC), 7, {"rows": 3}, "1")


def signed_by_two(folder, objects):
    signers = [Signer(new_key(), "souk", "souk-api") for _ in range(2)]
    return [Receipts(signer, folder, objects) for signer in signers]


async def keep_twice(former, now):
    """Erased under the former key, and twice again under the one of now."""
    await former.keep(former.signed(RECEIPT))
    assert await now.of("bazaar", "ana") is None
    again = replace(RECEIPT, purged={"rows": 0})
    for _ in range(2):
        await now.keep(now.signed(again))
    assert await now.all() == ([again], [])


async def test_a_receipt_under_a_former_signing_key_stays_beside_that_of_now(tmp_path):
    former, now = signed_by_two(tmp_path, None)
    await keep_twice(former, now)
    (proof,) = tmp_path.glob("bazaar/*.json.*")
    assert former.checked(proof.read_bytes()) == RECEIPT


async def test_so_it_does_in_a_bucket(s3):
    objects = Objects(f"{s3}/former-receipts")
    await objects.ready()
    former, now = signed_by_two(None, objects)
    await keep_twice(former, now)
    (proof,) = [key for key in await objects.under(f"{FOLDER}/") if not key.endswith(".json")]
    data = b"".join([part async for part in objects.read(proof)])
    assert former.checked(data) == RECEIPT
    objects.close()
