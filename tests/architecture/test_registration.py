"""A context is one word in every layer, and nothing is left unregistered."""

import ast
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

from adapters.log.codec import events_of
from application import policies
from application.policies.kernel import Policy, Timer
from domain import AGGREGATES
from entrypoints.http import CONTROLLERS
from projections import PROJECTIONS
from tests.architecture.freeze import sample

ROOT = Path(__file__).parents[2]
SHARED = {"kernel", "money", "__init__"}
UNFOLDED = {"audit"}  # reads the log itself: it has no projection
# Aggregates of another context: they have a domain, and at the most rows of their own.
PARTS = {"costgraph": "costing", "costruns": "costing"}
# Whose modules an import contract keeps from knowing each other.
APART = {
    "domain": AGGREGATES.keys(),
    "application": AGGREGATES.keys() - PARTS,
    "projections": PROJECTIONS.keys(),
}


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
    assert deciders == set(AGGREGATES), "what is missing: its line in domain/__init__.py"


def test_every_projection_is_registered():
    built = {
        name
        for name in modules("projections")
        if hasattr(importlib.import_module(f"projections.{name}"), "TABLES")
    }
    assert built == set(PROJECTIONS), "what is missing: its line in projections/__init__.py"


def test_every_controller_is_registered():
    written = {
        node.name
        for path in (ROOT / "entrypoints/http").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Controller" for base in node.bases)
    }
    assert written - {"HealthController"} == {controller.__name__ for controller in CONTROLLERS}, (
        "what is missing: its line in entrypoints/http/__init__.py"
    )


def test_every_policy_and_every_timer_is_registered_by_its_name():
    written = {
        each.name: each
        for module in pkgutil.iter_modules(policies.__path__, f"{policies.__name__}.")
        for each in vars(importlib.import_module(module.name)).values()
        if isinstance(each, Policy | Timer)
    }
    assert written == {**policies.POLICIES, **policies.TIMERS}, (
        "what is missing: a line in application/policies/__init__.py"
    )


@pytest.mark.parametrize("layer", sorted(APART))
def test_what_shares_a_layer_is_kept_apart_by_its_import_contract(layer: str):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = [each["modules"] for each in settings["contracts"] if "modules" in each]
    kept = next(names for names in contracts if names[0].startswith(f"{layer}."))
    assert kept == sorted(f"{layer}.{context}" for context in APART[layer]), (
        "what is missing: its module in that contract of pyproject.toml"
    )


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
    assert missing == [], f"in these there is nothing called {context}: docs/adding-a-context.md"


@pytest.mark.parametrize("context", sorted(AGGREGATES))
def test_tags_are_the_context_and_the_class_in_snake_case(context: str):
    for event in events_of(AGGREGATES[context]):
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()
        assert event.__struct_config__.tag == f"{context}.{snake}"


@pytest.mark.parametrize("context", sorted(PROJECTIONS))
def test_tables_and_topics_begin_with_their_context(context: str):
    tables = PROJECTIONS[context].TABLES
    topics = [table.topic("id", sample(table.document)) for table in tables if table.topic]
    assert [table.name for table in tables if not table.name.startswith(f"{context}_")] == []
    assert [topic for topic in topics if not topic.startswith(f"{context}.")] == []
