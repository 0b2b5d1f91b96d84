"""Who may do what with the S3 server that Souk starts: whoever has its own key."""

import pytest

from adapters.media.objects import Objects
from application.ports import Unavailable
from tests.support.s3 import running_s3

BACKUPS = {"AWS_ACCESS_KEY_ID": "backups", "AWS_SECRET_ACCESS_KEY": "of-another-server"}


async def test_whoever_may_write_to_a_bucket_of_backups_has_no_say_in_it(monkeypatch):
    for name, value in BACKUPS.items():
        monkeypatch.setenv(name, value)
    async with running_s3() as server:
        host = server.url.rpartition("@")[2]
        other = Objects(f"http://{':'.join(BACKUPS.values())}@{host}")
        with pytest.raises(Unavailable, match="AccessDenied"):
            await other.put("one", b"one", "text/plain")
        other.close()
