"""Who trades in the fictional bazaar, and what is on its shelves. All of it is made up."""

from typing import NamedTuple

TENANT, NAME, CURRENCY = "bazaar", "Bazaar of the Casbah", "DZD"
ADMIN, AUDITOR = "admin", "auditor"


class Shop(NamedTuple):
    id: str
    name: str
    tier: str | None
    owner: str


class Buyer(NamedTuple):
    id: str
    name: str
    phone: str
    address: str
    region: str


class Good(NamedTuple):
    """``price`` and ``was`` in dinars; ``least``: the smallest quantity that is sold."""

    seller: str
    name: str
    category: str
    kind: str
    price: int
    stock: int
    was: int | None = None
    least: int = 1
    featured: bool = False

    @property
    def slug(self) -> str:
        return self.name.lower().replace("'", "").replace(",", "").replace(" ", "-")


SHOPS = (
    Shop("seller", "Dar Sanaa", None, "Nadia Example"),
    Shop("karim", "Karim Textile", "grossiste", "Karim Example"),
    Shop("leila", "Leila's Pantry", "fournisseur", "Leila Example"),
    Shop("omar", "Omar Import", "importateur", "Omar Example"),
)
BUYERS = (
    Buyer("buyer", "Sami Example", "+213 000 000 001", "1 Example Street", "Alger"),
    Buyer("amina", "Amina Example", "+213 000 000 002", "2 Example Street", "Oran"),
    Buyer("bilal", "Bilal Example", "+213 000 000 003", "3 Example Street", "Constantine"),
    Buyer("chafia", "Chafia Example", "+213 000 000 004", "4 Example Street", "Tlemcen"),
    Buyer("djamel", "Djamel Example", "+213 000 000 005", "5 Example Street", "Annaba"),
    Buyer("farida", "Farida Example", "+213 000 000 006", "6 Example Street", "Ghardaia"),
)
GOODS = (
    Good("seller", "Berber rug, 120 by 180", "home", "rug", 18500, 12, was=21000, featured=True),
    Good("seller", "Kabyle pottery bowl", "home", "pottery", 2400, 40),
    Good("seller", "Brass coffee tray", "home", "metalwork", 6800, 15),
    Good("seller", "Hand-painted tajine", "kitchen", "pottery", 3900, 25, featured=True),
    Good("seller", "Olive wood spoon", "kitchen", "woodwork", 650, 120),
    Good("seller", "Silver fibula brooch", "jewellery", "brooch", 9200, 6),
    Good("seller", "Leather babouches", "clothing", "shoes", 3200, 30),
    Good("seller", "Woven palm basket", "home", "basket", 1500, 0),
    Good("karim", "Cotton burnous", "clothing", "coat", 7400, 60, least=2),
    Good("karim", "Linen tablecloth", "home", "linen", 2900, 90, least=3),
    Good("karim", "Embroidered karakou", "clothing", "jacket", 26500, 8, featured=True),
    Good("karim", "Wool blanket, striped", "home", "blanket", 4800, 45, was=5500),
    Good("karim", "Chechia hat", "clothing", "hat", 1100, 150, least=5),
    Good("karim", "Silk scarf", "clothing", "scarf", 2600, 70),
    Good("karim", "Prayer mat", "home", "rug", 1900, 110),
    Good("leila", "Deglet Nour dates, 1 kg", "food", "fruit", 1200, 300, featured=True),
    Good("leila", "Olive oil, 1 l", "food", "oil", 1450, 180),
    Good("leila", "Couscous, 2 kg", "food", "grain", 620, 240),
    Good("leila", "Harissa, 380 g", "food", "condiment", 380, 200),
    Good("leila", "Orange blossom water", "food", "flavouring", 540, 95),
    Good("leila", "Mountain honey, 500 g", "food", "honey", 3600, 35, was=3900),
    Good("leila", "Ras el hanout, 100 g", "food", "spice", 450, 160),
    Good("leila", "Mint tea, 250 g", "food", "tea", 490, 210),
    Good("omar", "Tea glasses, set of six", "kitchen", "glassware", 1800, 85),
    Good("omar", "Enamel teapot", "kitchen", "kettle", 2700, 50),
    Good("omar", "Pressure cooker, 6 l", "kitchen", "cookware", 8900, 22),
    Good("omar", "Brass lantern", "home", "lighting", 4200, 4),
    Good("omar", "Desk lamp", "home", "lighting", 3100, 40),
    Good("omar", "Travel backpack", "accessories", "bag", 5600, 33),
    Good("omar", "Wrist watch, leather", "accessories", "watch", 11900, 9),
)
RUNS_LOW = 5  # pieces, of every product that is counted
