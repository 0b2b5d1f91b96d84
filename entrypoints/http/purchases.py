"""/materials/{id}/purchase: what was bought, and what it would change"""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from application.materials import Materials
from application.ports import Receipt
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent
from entrypoints.http.materials import AMOUNT, COST, KNOWN, RETIRED, TheMaterial, material
from entrypoints.http.previews import PurchasePreview, confirmed, previewed
from entrypoints.http.routes import changes
from entrypoints.http.supplies import Bought
from entrypoints.wiring import Souk

PURCHASE = (
    "money.malformed",
    "money.unknown_currency",
    "materials.quantity_out_of_range",
    *AMOUNT,
    *COST,
    RETIRED,
)


class PurchasesController(Controller):
    path = "/materials"
    tags = ["materials"]
    opt = {"projection": "materials"}
    dependencies = {"material": Provide(material)}

    @post(
        "/{id:uuid}/purchase",
        **changes(
            "materials:update",
            *PURCHASE,
            "materials.backdated",
            "materials.not_confirmed",
            **KNOWN,
            taken="materials.preview_outdated",
        ),
    )
    async def purchase(
        self,
        id: FromPath[UUID],
        data: JSONBody[Bought],
        call: Sent,
        material: TheMaterial,
        souk: NamedDependency[Souk],
    ) -> Receipt:
        """Some was bought: stock, average and last cost follow. If anything happened to it since,
        it has to be confirmed: see the preview."""
        seen = confirmed(souk.settings.secret, call, str(id), data)
        return await material(Materials.purchase, data.command(), seen)

    @post("/{id:uuid}/purchase/preview", **changes("materials:update", *PURCHASE, **KNOWN))
    async def preview(
        self,
        id: FromPath[UUID],
        data: JSONBody[Bought],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> PurchasePreview:
        """What a purchase would change, all movements folded again by when they happened; of a
        back-dated one with what confirms it. Nothing is written."""
        return await previewed(souk, caller, call, str(id), data)
