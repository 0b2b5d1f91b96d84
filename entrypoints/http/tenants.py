"""/tenants"""

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct
from msgspec.structs import replace

from application.ports import Receipt
from entrypoints.http.caller import Caller
from entrypoints.http.commands import SentToCreate
from entrypoints.http.names import Line, Name, NamedInPath
from entrypoints.http.routes import creates, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import tenants


class NewTenant(Struct, forbid_unknown_fields=True):
    """``id`` is the tenant's name in every key and subject; ``name`` is for people."""

    id: Name
    name: Line
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["DZD"])]


class TenantsController(Controller):
    path = "/tenants"
    tags = ["tenants"]
    opt = {"projection": "tenants"}

    @post(
        "/",
        **creates(
            "tenants:create", "tenants.exists", "tenants.name_missing", "tenants.currency_malformed"
        ),
    )
    async def create(
        self,
        data: JSONBody[NewTenant],
        creating: SentToCreate,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Make a tenant. Whoever does is its first member, with the role of an admin."""
        call = replace(creating, tenant=data.id)
        return await souk.tenants.create(call, caller.user, data.name, data.currency)

    @get("/{name:str}", **reads("products:read", tenants.Tenant, "tenants.unknown_tenant"))
    async def tenant(self, name: NamedInPath, view: NamedDependency[View]) -> ASGIResponse:
        """The caller's own tenant; any other does not exist for them."""
        found = await tenants.tenant(view.db, name)
        return view.one(found, "tenants.unknown_tenant")
