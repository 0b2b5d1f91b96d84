"""Every work that is measured, in the table's order."""

from benchmarks.work import Work
from benchmarks.works import (
    auditing,
    catchup,
    checkout,
    commands,
    hot_reel,
    http,
    live,
    loading,
    olist,
    peers,
    push,
    reels,
    renditions,
    rolling,
    sockets,
    together,
)

WORKS: tuple[Work, ...] = (
    *commands.WORKS,
    *loading.WORKS,
    *checkout.WORKS,
    *catchup.WORKS,
    *live.WORKS,
    *peers.WORKS,
    *push.WORKS,
    *renditions.WORKS,
    *sockets.WORKS,
    *together.WORKS,
    *olist.WORKS,
    *http.WORKS,
    *reels.WORKS,
    *hot_reel.WORKS,
    *rolling.WORKS,
    *auditing.WORKS,
)
