"""Souk's API beside a NestJS shop, with as many processes on both sides."""

from benchmarks import nest, souk_http
from benchmarks.figures import Figure
from benchmarks.requests import CONNECTIONS
from benchmarks.work import Work

# What is asked, of Souk and of the peer; whether Souk's requests may be sent only once; the reach.
ROUTES = {
    "products": ("product list", souk_http.products, nest.products, False, 2),
    "order": ("one order read", souk_http.order, nest.order, False, 5),
    "place": ("order placed, 3 lines of 2 sellers", souk_http.place, nest.place, True, 4),
    "receive": ("one-event command", souk_http.receive, nest.like, True, 4),
}


def _work(name: str, processes: int) -> Work:
    what, ours, theirs, once, reach = ROUTES[name]
    told = f"HTTP, {processes} process{'es' * (processes > 1)}: {what}"
    return Work(
        f"http-{name}-{processes}",
        {
            "rate": Figure(told, "requests/s", reach),
            "memory": Figure(f"{told}, resident", "MB", 1.0, less=True),
        },
        souk_http.serving(ours, processes, once),
        nest.serving(theirs, processes),
        f"NestJS, its better adapter, {CONNECTIONS} connections",
        souk_http.fill,
        nest.fill,
        nest.install,
    )


WORKS = tuple(_work(name, processes) for name in ROUTES for processes in (1, 2))
