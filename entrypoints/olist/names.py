"""What Olist's things are called in Souk. The same thing has the same id in every run."""

import re
import unicodedata
from uuid import UUID, uuid5

OLIST = UUID("6f6c6973-7400-5000-8000-000000000000")


def fact_id(key: str) -> UUID:
    return uuid5(OLIST, key)


def product_id(product: str, seller: str) -> str:
    """Souk's product is what one seller offers of one of Olist's products."""
    return str(uuid5(OLIST, f"product/{product}/{seller}"))


def checkout_id(order: str) -> str:
    return str(fact_id(f"checkout/{order}"))


def cart_id(order: str) -> str:
    return str(uuid5(OLIST, f"cart/{order}"))


def product_name(category: str, product: str) -> str:
    return f"{category or 'unknown'} {product[:8]}"


def slug(category: str, id: str) -> str:
    plain = unicodedata.normalize("NFKD", category).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", plain)) or "unknown"
    return f"{words}-{id.replace('-', '')[:16]}"


def shop_name(city: str, seller: str) -> str:
    return f"{' '.join(city.split()) or 'seller'} {seller[:8]}"
