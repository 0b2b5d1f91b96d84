"""When the shape of a table's rows is another, and so they are built again."""

from adapters.projector.documents import shape
from projections.kernel import Document, Table


class Kettle(Document):
    """``litres``: how much it holds."""

    id: str
    title: str
    litres: int


def table(document):
    return Table("kettles", document, {}, lambda row, recorded, id: row)


def renewed(about=None, **fields):
    """The class anew, with other words or other fields."""
    told = {"__annotations__": dict(Kettle.__annotations__) | fields, "__doc__": about}
    return type("Kettle", (Document,), told)


def test_what_is_said_of_a_row_is_no_part_of_its_shape():
    assert shape(table(renewed("Boils water."))) == shape(table(Kettle))


def test_every_field_is_also_one_that_is_called_as_a_word_of_schemas():
    shapes = [shape(table(renewed(**more))) for more in ({}, {"title": int}, {"colour": str})]
    assert len(set(shapes)) == 3
