"""A bundle of a log that nobody touched: whole, and what it covers is said."""

from tests.tamper.ground import TENANT


async def test_a_bundle_of_an_untouched_log_is_whole(ground):
    report = ground.check(await ground.bundle(), [ground.public], await ground.witnesses())
    assert report.found == ()
    assert report.whole
    ((events, streams, last),) = ground.sql(
        "SELECT count(*), count(DISTINCT stream), max(position) FROM log.events WHERE tenant = %s",
        TENANT,
    )
    assert (report.events, report.streams, report.last) == (events, streams, last)
    assert (report.roots, report.signed, report.kept) == (2, 4, 2)
    assert report.covered == last
    assert report.figures == 4 + 1 + 1
    assert report.keys == (ground.public.id,)
