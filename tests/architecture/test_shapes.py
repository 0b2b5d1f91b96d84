"""Code of an older version leaves the tables of a newer one alone. It knows them by the version."""

from tests.architecture.freeze import frozen_shapes, shapes

FREEZE = "run `.venv/bin/python -m tests.architecture.freeze`, commit what it writes"


def test_tables_of_another_shape_are_of_another_version():
    known, present = frozen_shapes(), shapes()
    unfrozen = [name for name in present if known.get(name, (0, ""))[0] != present[name][0]]
    assert not unfrozen, f"{unfrozen}: {FREEZE}"
    moved = [name for name in present if known[name] != present[name]]
    assert not moved, f"{moved}: raise VERSION, then {FREEZE}"
    assert known.keys() == present.keys(), FREEZE
