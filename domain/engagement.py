"""Engagement: how often a reel was watched, counted in batches: no event for each view."""

from domain.kernel import Command, Event, Rejected, Value


class CountViews(Command):
    count: int


class ViewsCounted(Event, tag="engagement.views_counted"):
    count: int


COMMANDS = CountViews
EVENTS = ViewsCounted


class Views(Value):
    total: int = 0


EMPTY = Views()


def decide(views: Views, command: COMMANDS) -> list[EVENTS]:
    if command.count < 1:
        raise Rejected("engagement.nothing_counted")
    return [ViewsCounted(command.count)]


def evolve(views: Views, event: EVENTS) -> Views:
    return Views(views.total + event.count)
