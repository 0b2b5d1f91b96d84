"""What bulks may be made of, one line each."""

from application.bulking.materials import MATERIALS
from application.bulking.products import PRODUCTS
from application.bulks import Kind

KINDS: dict[str, Kind] = {
    "materials": MATERIALS,
    "products": PRODUCTS,
}
