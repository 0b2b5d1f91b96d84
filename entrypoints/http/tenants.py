"""/tenants"""

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct
from msgspec.structs import replace

from application.ports import Call, Missing, Receipt
from domain.tenants import LONGEST, ArchiveTenant, RestoreTenant, SetRetention
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent, SentToCreate
from entrypoints.http.names import Line, Name, NamedInPath
from entrypoints.http.routes import changes, creates, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import tenants

UNKNOWN = "tenants.unknown_tenant"


class NewTenant(Struct, forbid_unknown_fields=True):
    """``id`` is the tenant's name in every key and subject; ``name`` is for people."""

    id: Name
    name: Line
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["DZD"])]


class Retention(Struct, forbid_unknown_fields=True):
    """How many days what was deleted can be had back."""

    days: Annotated[int, Meta(ge=0, le=LONGEST, examples=[90])]


ARCHIVING = changes("tenants:soft_delete", missing=UNKNOWN)
ARCHIVING["opt"]["archived"] = True  # or whoever lost the answer could not ask for it again
RESTORING = changes("tenants:restore", missing=UNKNOWN)
RESTORING["opt"]["archived"] = True  # or nobody could


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
        key = creating.key and replace(creating.key, tenant=creating.tenant)  # whose it is
        call = replace(creating, tenant=data.id, key=key)
        return await souk.tenants.create(call, caller.user, data.name, data.currency)

    @post("/{name:str}/archive", **ARCHIVING)
    async def archive(self, name: NamedInPath, call: Sent, souk: NamedDependency[Souk]) -> Receipt:
        """From now on it takes no commands of its members; everything can be read as ever."""
        return await souk.tenants.change(_own(call, name), ArchiveTenant())

    @post("/{name:str}/restore", **RESTORING)
    async def restore(self, name: NamedInPath, call: Sent, souk: NamedDependency[Souk]) -> Receipt:
        """It takes commands again."""
        return await souk.tenants.change(_own(call, name), RestoreTenant())

    @post("/{name:str}/retention", **changes("tenants:update", missing=UNKNOWN))
    async def retention(
        self,
        name: NamedInPath,
        data: JSONBody[Retention],
        call: Sent,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """How many days what is deleted can surely be restored, before it may be purged."""
        return await souk.tenants.change(_own(call, name), SetRetention(data.days))

    @get("/{name:str}", **reads("products:read", tenants.Tenant, UNKNOWN))
    async def tenant(self, name: NamedInPath, view: NamedDependency[View]) -> ASGIResponse:
        """The caller's own tenant; any other does not exist for them."""
        found = await tenants.tenant(view.db, name)
        return view.one(found, UNKNOWN)


def _own(call: Call, name: str) -> Call:
    """Raises Missing: another's tenant does not exist for them."""
    if name != call.tenant:
        raise Missing(UNKNOWN)
    return call
