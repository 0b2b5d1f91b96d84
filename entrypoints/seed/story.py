"""What was bought in the fictional bazaar, and how far it got."""

from typing import NamedTuple


class Purchase(NamedTuple):
    """``days``: how long ago. ``paid``: whether the card was charged; None: it failed.

    ``steps``: of every order of the purchase, by the words of application.orders.
    """

    buyer: str
    days: int
    basket: dict[str, int]  # quantity by slug
    method: str = "cod"
    paid: bool | None = False
    steps: tuple[str, ...] = ()
    channel: str = "web"


CONFIRMED = ("confirm",)
STARTED = (*CONFIRMED, "start_processing")
SHIPPED = (*STARTED, "ship")
DELIVERED = (*SHIPPED, "deliver")
COMPLETED = (*DELIVERED, "complete")
RETURNED = (*DELIVERED, "return_")

PURCHASES = (
    Purchase(
        "amina", 40, {"berber-rug-120-by-180": 1, "mint-tea-250-g": 2}, "card", True, COMPLETED
    ),
    Purchase("bilal", 35, {"couscous-2-kg": 3, "harissa-380-g": 2}, "cod", steps=COMPLETED),
    Purchase(
        "buyer", 30, {"tea-glasses-set-of-six": 1, "enamel-teapot": 1}, "card", True, COMPLETED
    ),
    Purchase("chafia", 24, {"embroidered-karakou": 1}, "bank_transfer", True, RETURNED),
    Purchase("djamel", 20, {"wrist-watch-leather": 1}, "card", True, ("cancel",)),
    Purchase("farida", 15, {"cotton-burnous": 2, "olive-oil-1-l": 4}, "card", True, DELIVERED),
    Purchase("amina", 10, {"hand-painted-tajine": 2}, "cod", steps=("cancel",)),
    Purchase(
        "buyer", 7, {"deglet-nour-dates-1-kg": 5, "kabyle-pottery-bowl": 2}, "wallet", True, SHIPPED
    ),
    Purchase("bilal", 5, {"pressure-cooker-6-l": 1}, "cod", steps=SHIPPED),
    Purchase(
        "chafia", 4, {"silk-scarf": 1, "leather-babouches": 1}, "card", True, STARTED, "instagram"
    ),
    Purchase(
        "djamel", 3, {"mountain-honey-500-g": 2}, steps=(*STARTED, "ready"), channel="whatsapp"
    ),
    Purchase("farida", 2, {"linen-tablecloth": 3, "brass-lantern": 1}, "card", True, CONFIRMED),
    Purchase("buyer", 1, {"olive-wood-spoon": 4, "ras-el-hanout-100-g": 1}, "cod", steps=CONFIRMED),
    Purchase("amina", 1, {"travel-backpack": 1}, "card", None),
    Purchase("bilal", 0, {"prayer-mat": 2, "orange-blossom-water": 1}, "card"),
    Purchase("buyer", 0, {"brass-coffee-tray": 1, "couscous-2-kg": 1}, "cod"),
)
