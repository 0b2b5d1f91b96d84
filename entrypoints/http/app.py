"""The HTTP application: every controller under /api/v1, and the pages around it."""

import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from importlib.metadata import version
from multiprocessing import parent_process

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.types import Scope

from adapters.embedded.leash import tie
from entrypoints.http import CONTROLLERS
from entrypoints.http.authentication import Bearers, authenticating
from entrypoints.http.caller import Caller, caller_of
from entrypoints.http.commands import call, creating, keyless
from entrypoints.http.console import console, console_file
from entrypoints.http.direct import directing
from entrypoints.http.document import Building, Described, Structs, operation_id
from entrypoints.http.edge import edging, marking
from entrypoints.http.heads import Headed
from entrypoints.http.health import HealthController, jwks, roots_keys
from entrypoints.http.live import asyncapi, asyncapi_page
from entrypoints.http.problems import handle
from entrypoints.http.sharing import Lists, sharing
from entrypoints.http.views import paging, view
from entrypoints.logs import configure
from entrypoints.settings import from_env
from entrypoints.wiring import Souk, connect

LARGEST = 10 * 1024 * 1024  # bytes of a request's body


def create() -> Litestar:
    """For an ASGI server: settings from the environment, servers connected at start-up. It ends
    with the process that started it: one that is left behind would keep the port."""
    configure()
    if (parent := parent_process()) is not None and parent.pid is not None:
        tie(parent.pid, signal.SIGKILL)
    held: list[Souk] = []

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with connect(from_env()) as souk:
            held.append(souk)
            gc.collect()
            gc.freeze()
            gc.enable()
            gc.set_threshold(100_000, 50, 100)
            yield

    return http(lambda: held[-1], lifespan)


def http(
    souk: Callable[[], Souk],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]] | None = None,
    lists: Lists | None = None,
) -> Litestar:
    """``souk``: gives the connected parts, once the application has started. ``lists``: where
    those that many see are kept; None: in the application itself."""
    bearers = Bearers(lambda: souk().tokens)
    return Headed(
        [
            Router("/api/v1", route_handlers=list(CONTROLLERS)),
            HealthController,
            jwks,
            roots_keys,
            asyncapi,
            asyncapi_page,
            console,
            console_file,
        ],
        lifespan=[lifespan] if lifespan else [],
        middleware=[
            edging,
            partial(authenticating, bearers=bearers, barred=lambda: souk().barred),
            partial(sharing, lists=lists or Lists()),
            directing,
        ],
        before_send=[partial(marking, origins=lambda: souk().settings.origins)],
        exception_handlers={Exception: handle},
        dependencies={
            "souk": Provide(souk, sync_to_thread=False),
            "caller": Provide(caller, sync_to_thread=False),
            "call": Provide(call),
            "creating": Provide(creating),
            "keyless": Provide(keyless),
            "view": Provide(view),
            "paging": Provide(paging),
        },
        request_max_body_size=LARGEST,
        openapi_config=_openapi(),
        plugins=[Structs()],
        logging_config=None,
    )


def caller(scope: Scope) -> Caller:
    return caller_of(scope)


def _openapi() -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
    return Described(
        title="Souk",
        version=version("souk"),
        description="Commands append events; queries read what they were folded into.",
        license=License(name="Apache 2.0", identifier="Apache-2.0"),
        openapi_router=Router(
            "/docs",
            route_handlers=[],
            before_request=Building().before,
            opt={"public": True},
            include_in_schema=False,
        ),
        render_plugins=[ScalarRenderPlugin()],
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
    )
