"""docs/contexts/bulks.md names what may be sent."""

import re
from pathlib import Path

from msgspec import Struct

from entrypoints.http.bulk_materials import MaterialFilter, MaterialUpdates
from entrypoints.http.bulk_products import ProductFilter, ProductUpdates

PAGE = (Path(__file__).parents[2] / "docs/contexts/bulks.md").read_text()


def fields(kind: type[Struct]) -> set[str]:
    return {*kind.__struct_fields__}


def test_it_names_every_field_of_an_update_and_of_a_filter():
    told = PAGE.partition("An update may have")[2].partition("Who is not staff")[0]
    of_materials, of_products = told.split("an update may have")
    for part, updates, filter in (
        (of_materials, MaterialUpdates, MaterialFilter),
        (of_products, ProductUpdates, ProductFilter),
    ):
        updated, filtered = (re.findall(r"`(\w+)`", words) for words in part.split("a filter"))
        assert set(updated) == fields(updates)
        assert set(filtered) == fields(filter)
