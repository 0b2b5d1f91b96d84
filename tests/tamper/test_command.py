"""`souk audit export` and `souk audit check` as people run them."""

import json

import pytest
from click.testing import CliRunner

from adapters.bundle.export import NAME, export
from application.ports import Unavailable
from entrypoints.cli import main
from tests.log.notes import rows
from tests.support.commands import souk
from tests.tamper.ground import TENANT, Quiet
from tests.verify.shop import opened

END = f"""SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE application_name = '{NAME}' AND datname = current_database()"""


def checked(*words):
    """Without any setting."""
    return CliRunner(env={}).invoke(main, ["audit", "check", *map(str, words)])


async def test_what_is_exported_is_checked_without_a_server(api, database, tmp_path):
    await opened(api, database)
    path = tmp_path / "bazaar.zip"
    done = await souk(
        api, "audit", "export", "--tenant", "bazaar", str(path), "--purpose", "yearly"
    )
    assert done.exit_code == 0, done.output
    assert "events up to position" in done.stdout
    again = await souk(api, "audit", "export", "--tenant", "bazaar", str(path))
    assert (again.exit_code, "is there already" in again.output) == (2, True)
    sql = "SELECT data FROM log.events WHERE tag = 'audit.history_read'"
    ((reading,),) = await rows(database, sql)
    assert json.loads(reading)["what"] == "souk audit export"

    clean = checked(path)
    assert clean.exit_code == 0, clean.output
    assert clean.stdout.startswith("no faults, ")
    assert "Nothing of it is proven: it agrees with itself" in clean.stdout
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    bad = checked(path, "--json")
    report = json.loads(bad.stdout)
    assert (bad.exit_code, report["whole"]) == (1, False)
    assert report["found"][0]["file"] == "bundle"
    told = checked(path).stdout
    assert "bundle: bytes of it were changed" in told
    assert "Nothing of it is proven. Bring" in told


async def test_a_tenant_without_history_and_files_that_are_none_are_refused(api, tmp_path):
    done = await souk(api, "audit", "export", "--tenant", "nobody", str(tmp_path / "no.zip"))
    assert (done.exit_code, "Nothing ever happened" in done.output) == (2, True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.zip").write_bytes(b"no")
    (tmp_path / "a.pem").write_bytes(b"no")
    for option in ("--key", "--root"):
        refused = checked(tmp_path / "a.zip", option, tmp_path / "a.pem")
        assert (refused.exit_code, "is no" in refused.output) == (2, True)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("nowhere/bazaar.zip", "No such file or directory"),
        ("file/bazaar.zip", "Not a directory"),
        (f"{'x' * 255}.zip", "File name too long"),
        ("full.zip", "No space left on device"),
    ],
)
async def test_a_bundle_that_cannot_be_written_says_why_and_leaves_nothing(
    api, database, tmp_path, file, why
):
    await opened(api, database)
    (tmp_path / "file").touch()
    (tmp_path / "full.zip.part").symlink_to("/dev/full")
    path = tmp_path / file
    done = await souk(api, "audit", "export", "--tenant", "bazaar", str(path))
    *_, line = done.output.splitlines()
    assert (done.exit_code, line) == (2, f"Error: {path} cannot be written: {why}")
    assert not list(tmp_path.rglob("bazaar.zip*")) + list(tmp_path.glob("*.zip"))


async def test_a_postgres_that_goes_away_in_the_middle_of_a_bundle_is_told_as_such(ground):
    class Ending(Quiet):
        def start(self, total):
            ground.sql(END)

    path = ground.folder / "ended.zip"
    with pytest.raises(Unavailable, match="postgres"):
        await export(ground.database, TENANT, path, None, Ending())
    assert list(ground.folder.glob("ended*")) == []
