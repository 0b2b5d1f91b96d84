"""What the OpenAPI page shows beyond types: a body to send to each route, and its codes."""

from dataclasses import dataclass, replace
from typing import Any

from litestar.openapi.spec import (
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    Schema,
)

from adapters.problems import MEDIA_TYPE

PRODUCT = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"
PRICE = {"amount": "12.50", "currency": "DZD"}

# By the name of the request body's type; a test holds each against that type.
BODIES: dict[str, dict[str, Any]] = {
    "NewTenant": {"id": "bazaar", "name": "The bazaar", "currency": "DZD"},
    "Retention": {"days": 90},
    "Purging": {"context": "catalog", "older_than_days": 90},
    "NewMember": {"user": "amina", "role": "buyer", "name": "Amina B."},
    "Shop": {"shop": "Amina's teas", "tier": "grossiste"},
    "Dismissal": {"reason": "left"},
    "NewProduct": {"name": "Mint tea", "slug": "mint-tea", "category": "tea", "price": PRICE},
    "Describing": {"name": "Green mint tea", "slug": "green-mint-tea", "category": "tea"},
    "NewPrice": {"price": PRICE, "reason": "season"},
    "Minimum": {"quantity": 3},
    "Sku": {"sku": "TEA-1"},
    "Featured": {"featured": True},
    "CustomFields": {"fields": {"colour": "red", "organic": True, "season": None}},
    "NewCategory": {"name": "Green teas", "slug": "green-teas", "parent": PRODUCT},
    "NewName": {"name": "Teas of the world"},
    "NewPlace": {"parent": PRODUCT},
    "Delivery": {"quantity": 20},
    "Correction": {"delta": -2, "reason": "count"},
    "Threshold": {"threshold": 5},
    "NewItem": {"product": PRODUCT, "quantity": 2},
    "NewQuantity": {"quantity": 3},
    "Seen": {"price": PRICE},
    "CheckOut": {
        "channel": "web",
        "payments": [{"method": "card"}],
        "customer": {"name": "Karim D.", "address": "12 rue Didouche", "region": "16"},
    },
    "Shipping": {"tracking": "YAL-42"},
    "Tracking": {"tracking": "BR123456789"},
    "Cancellation": {"reason": "changed_mind"},
    "Returning": {"reason": "damaged"},
    "Promise": {"date": "2026-05-16"},
    "Intent": {"method": "card", "amount": PRICE},
    "Captured": {"amount": PRICE},
    "Failure": {"reason": "declined"},
    "Collection": {"order": PRODUCT},
    "RefundRequest": {"order": PRODUCT, "amount": PRICE, "reason": "faulty"},
    "NewUpload": {"kind": "image", "size": 48_213},
    "NewImage": {"data": "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAIA"},
    "WantedCrop": {"crop": {"left": 0, "top": 0, "width": 600, "height": 600}},
    "Place": {"product": PRODUCT},
    "NewReel": {"product": PRODUCT, "caption": "Made by hand"},
    "NewCaption": {"caption": "Made by hand, in Tlemcen"},
    "Shows": {"media": PRODUCT},
    "Hiding": {"reason": "sold out"},
    "Watching": {"seconds": 7.5},
    "NewComment": {"text": "Does it shrink?"},
    "NewOffer": {
        "product": PRODUCT,
        "target": "fournisseur",
        "title": "Mint tea by the crate",
        "breaks": [{"quantity": 100, "unit_price": PRICE}],
        "valid_until": "2030-05-16T12:00:00Z",
    },
    "NewTerms": {
        "title": "Mint tea by the crate",
        "breaks": [{"quantity": 50, "unit_price": PRICE}],
        "valid_until": "2030-05-16T12:00:00Z",
    },
    "Closing": {"reason": "sold out"},
    "NewResponse": {"quantity": 100, "unit_price": PRICE, "method": "transfer"},
    "Countering": {"quantity": 200, "unit_price": PRICE},
    "Ending": {"reason": "too dear"},
    "NewQuota": {"quota": 10_000_000_000},
    "ImageLimit": {"largest": 5_000_000},
    "NewMaterial": {
        "name": "Merino",
        "kind": "yarn",
        "unit": "g",
        "colour": "indigo",
        "conversions": [{"unit": "kg", "factor": "1000"}],
        "scrap": 200,
    },
    "NewYarn": {"name": "Merino", "unit": "g", "attributes": {"weight": "DK"}},
    "MaterialText": {"name": "Merino", "kind": "yarn", "brand": "Atlas", "colour": "indigo"},
    "Measures": {"conversions": [{"unit": "skein", "factor": "50"}], "scrap": 250},
    "MaterialSku": {"sku": "YARN-1"},
    "Bought": {"quantity": "1.5", "unit": "kg", "price": PRICE, "supplier": "Atlas Mills"},
    "Recount": {"delta": "-250", "reason": "count", "note": "a wet box"},
    "LowLine": {"threshold": "500"},
    "StandardCost": {"cost": {"amount": "0.0125", "currency": "DZD"}},
    "NewCosted": {"name": "Scarf", "margin": 4000},
    "Recipe": {"components": [{"kind": "material", "id": PRODUCT, "quantity": "120"}], "makes": 1},
    "Tasks": {"labour": [{"name": "knitting", "minutes": "90", "rate": PRICE}]},
    "OverheadRules": {"overheads": [{"name": "rent", "on": "all", "basis_points": 1000}]},
    "TargetMargin": {"margin": 5000},
    "SoldAs": {"product": PRODUCT},
    "Supposition": {"materials": [{"id": PRODUCT, "cost": PRICE}]},
    "CostedName": {"name": "Winter scarf"},
    "CostBasis": {"basis": "last"},
    "MaterialOperations": {
        "operations": [
            {"op": "create", "name": "Merino", "kind": "yarn", "unit": "g"},
            {"op": "update", "id": PRODUCT, "brand": "Atlas", "threshold": "500"},
            {"op": "delete", "id": PRODUCT},
        ]
    },
    "MaterialsUpdated": {"filter": {"kind": "yarn", "low": True}, "updates": {"brand": "Atlas"}},
    "MaterialsDeleted": {"filter": {"kind": "supply", "q": "meri"}},
    "YarnOperations": {"operations": [{"op": "create", "name": "Merino", "unit": "g"}]},
    "YarnsUpdated": {"filter": {"q": "meri"}, "updates": {"colour": "indigo", "sku": None}},
    "YarnsDeleted": {"filter": {"ids": [PRODUCT]}},
    "ProductOperations": {
        "operations": [
            {"op": "create", "name": "Mint tea", "slug": "mint-tea", "price": PRICE},
            {"op": "update", "id": PRODUCT, "price": PRICE, "reason": "season"},
        ]
    },
    "ProductsUpdated": {"filter": {"category": "tea"}, "updates": {"min_order_quantity": 3}},
    "ProductsDeleted": {"filter": {"in_stock": False}},
    "Undo": {},
    "NewErasure": {"subject": "amina", "confirm": "0f1e2d3c4b5a6978", "reason": "requested"},
}


@dataclass
class Told(Operation):
    """An operation whose body has its example, and whose errors have their codes as an enum."""

    def __post_init__(self) -> None:
        if self.request_body and not isinstance(self.request_body, Reference):
            for body in self.request_body.content.values():
                body.examples = _example(body) or body.examples
        for response in (self.responses or {}).values():
            if isinstance(response, OpenAPIResponse) and response.content:
                _enumerate(response.content.get(MEDIA_TYPE))


def _example(body: OpenAPIMediaType) -> dict[str, Example | Reference] | None:
    if not isinstance(body.schema, Reference):
        return None
    name = body.schema.ref.rpartition("/")[2].rpartition("_")[2]
    return {"example": Example(value=BODIES[name])} if name in BODIES else None


def _enumerate(problem: OpenAPIMediaType | None) -> None:
    """Say which codes this status can have here; ``routes`` gave an example of each."""
    if problem is None or not problem.schema or not problem.examples:
        return
    problem.examples = {  # whose id is their key, which the framework would write again
        code: replace(example, id=None) if isinstance(example, Example) else example
        for code, example in problem.examples.items()
    }
    code = Schema(properties={"code": Schema(enum=sorted(problem.examples))})
    problem.schema = Schema(all_of=[problem.schema, code])
