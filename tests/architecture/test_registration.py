"""A context is one word in every layer, and nothing is left unregistered."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from adapters.log.codec import events_of
from domain import AGGREGATES
from entrypoints.http import CONTROLLERS
from projections import PROJECTIONS

ROOT = Path(__file__).parents[2]
SHARED = {"kernel", "money", "__init__"}
UNFOLDED = {"audit"}  # reads the log itself: it has no projection
PARTS = {"costgraph": "costing"}  # an aggregate of another context: it has a domain, and no more


def modules(layer: str) -> set[str]:
    found = {p.stem for p in (ROOT / layer).glob("*.py")} | {
        p.parent.name for p in (ROOT / layer).glob("*/__init__.py")
    }
    return found - SHARED


def test_every_domain_module_that_decides_is_registered():
    deciders = {
        name
        for name in modules("domain")
        if hasattr(importlib.import_module(f"domain.{name}"), "decide")
    }
    assert deciders == set(AGGREGATES)


def test_every_projection_is_registered():
    built = {
        name
        for name in modules("projections")
        if hasattr(importlib.import_module(f"projections.{name}"), "TABLES")
    }
    assert built == set(PROJECTIONS)


def test_every_controller_is_registered():
    written = {
        node.name
        for path in (ROOT / "entrypoints/http").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Controller" for base in node.bases)
    }
    assert written - {"HealthController"} == {controller.__name__ for controller in CONTROLLERS}


@pytest.mark.parametrize("context", sorted(AGGREGATES.keys() - PARTS))
def test_a_context_is_one_word_in_every_layer(context: str):
    layers = ["domain", "application", "projections", "entrypoints/http"]
    if context in UNFOLDED:
        layers.remove("projections")
    places = [
        *(ROOT / layer for layer in layers),
        ROOT / "docs/contexts",
        ROOT / "tests",
    ]
    missing = [
        str(place.relative_to(ROOT))
        for place in places
        if not any((place / f"{context}{end}").exists() for end in ("", ".py", ".md"))
    ]
    assert missing == []


@pytest.mark.parametrize("context", sorted(AGGREGATES))
def test_tags_are_the_context_and_the_class_in_snake_case(context: str):
    for event in events_of(AGGREGATES[context]):
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()
        assert event.__struct_config__.tag == f"{context}.{snake}"


@pytest.mark.parametrize("context", sorted(PROJECTIONS))
def test_tables_and_topics_begin_with_their_context(context: str):
    assert all(table.name.startswith(f"{context}_") for table in PROJECTIONS[context].TABLES)
