"""Members and their projection, by the stock library."""

from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection

from benchmarks import stock, stock_views
from benchmarks.work import Site

MEMBERS = 2_000


class Member(Aggregate):
    @event("Added")
    def __init__(self, role: str) -> None:
        self.role = role

    @event("Appointed")
    def appoint(self, shop: str, tier: str | None) -> None:
        self.shop, self.tier = shop, tier

    @event("Dismissed")
    def dismiss(self, reason: str) -> None:
        self.shop = ""


class Shop(Application[UUID]):
    pass


class View(stock_views.View):
    TABLE = (
        "CREATE TABLE IF NOT EXISTS members (id uuid PRIMARY KEY, version bigint, role text,"
        " sells boolean, shop text, tier text, added_at timestamptz)"
    )


class Projected(Projection[View]):
    name = "members"

    @singledispatchmethod
    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        raise NotImplementedError(type(domain_event))

    @process_event.register
    def added(self, domain_event: Member.Added, tracking: Tracking) -> None:  # type: ignore[name-defined]
        sql = "INSERT INTO members VALUES (%s, %s, %s, false, '', NULL, %s) ON CONFLICT DO NOTHING"
        e = domain_event
        self.view.write(sql, (e.originator_id, e.originator_version, e.role, e.timestamp), tracking)

    @process_event.register
    def appointed(self, domain_event: Member.Appointed, tracking: Tracking) -> None:  # type: ignore[name-defined]
        sql = "UPDATE members SET version = %s, sells = true, shop = %s, tier = %s WHERE id = %s"
        e = domain_event
        self.view.write(sql, (e.originator_version, e.shop, e.tier, e.originator_id), tracking)

    @process_event.register
    def dismissed(self, domain_event: Member.Dismissed, tracking: Tracking) -> None:  # type: ignore[name-defined]
        sql = "UPDATE members SET version = %s, sells = false WHERE id = %s"
        e = domain_event
        self.view.write(sql, (e.originator_version, e.originator_id), tracking)


def fill(site: Site) -> None:
    with stock.application(site, Shop) as shop:
        for _ in range(0, site.some(MEMBERS), 20):
            shop.save(*(coming_and_going() for _ in range(20)))


def coming_and_going() -> Member:
    """Ten events."""
    member = Member("buyer")
    for number in range(5):
        member.appoint(f"Shop {number}", None)
        if number < 4:
            member.dismiss("season")
    return member
