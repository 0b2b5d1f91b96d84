"""Generators of clients can use the OpenAPI document: it is valid, and its names are good ones."""

import re

import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.support.http import page


@pytest.fixture(scope="module")
def document():
    """As it is sent."""
    return msgspec.json.decode(msgspec.json.encode(page()))


def operations(document):
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_it_is_an_openapi_document(document):
    errors = list(OPENAPI_31_VALIDATOR.iter_errors(document))
    assert [(error.message, list(error.instance_path)) for error in errors[:5]] == []


def test_every_reference_leads_somewhere(document):
    told = set(
        re.findall(r'"#/components/schemas/([^"]+)"', msgspec.json.encode(document).decode())
    )
    assert told <= document["components"]["schemas"].keys()
    assert len(told) > 100


def test_a_schema_is_called_as_its_class_wherever_that_is(document):
    """One that fails shares its class's name with another: call it otherwise."""
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch(r"[A-Z][A-Za-z]+", name)] == []
    assert {name: schema["title"] for name, schema in schemas.items()} == {n: n for n in schemas}
    assert {"Product", "ListedProduct", "SlicedComment", "CheckOut"} <= schemas.keys()


def test_a_schema_says_of_itself_what_its_class_says(document):
    schemas = document["components"]["schemas"]
    told = "`amount` null: the whole total. A tip comes on top of it."
    assert schemas["PaymentChoice"]["description"] == told
    assert schemas["ListedProduct"]["description"] == "A page of a list."
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_an_operation_is_called_by_its_path_and_what_it_does(document):
    names = [operation["operationId"] for operation in operations(document)]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z]+", name)] == []
    wanted = {"catalogProducts", "catalogProductsCreate", "cartsCheckOut", "health", "healthReady"}
    assert wanted <= set(names)


def test_what_is_sent_beside_a_body_is_there_or_is_not_but_never_null(document):
    parameters = [each for one in operations(document) for each in one.get("parameters", ())]
    schemas = [each["schema"] for each in parameters]
    assert any(each["in"] == "header" for each in parameters)
    assert [schema for schema in schemas if b"null" in msgspec.json.encode(schema)] == []
    assert all({"type", "oneOf", "$ref"} & schema.keys() for schema in schemas)


def test_whoever_looks_whether_it_is_ready_knows_what_it_hears_when_it_is_not(document):
    said = document["paths"]["/health/ready"]["get"]["responses"]
    bodies = [said[status]["content"]["application/json"]["schema"] for status in ("200", "503")]
    assert bodies == [{"$ref": "#/components/schemas/Ready"}] * 2
