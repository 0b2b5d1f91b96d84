"""A tenant's tree of categories: nothing is below itself, and what lives has living parents."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import categories
from domain.categories import (
    LEVELS,
    MOST,
    CategoryCreated,
    CategoryMoved,
    CategoryPurged,
    CategoryRenamed,
    CategoryRestored,
    CategoryRetired,
    CreateCategory,
    MoveCategory,
    PurgeCategory,
    RenameCategory,
    RestoreCategory,
    RetireCategory,
)
from domain.kernel import fold
from tests.support.deciders import given
from tests.support.histories import history, stored

food = CategoryCreated("food", "Food", "food", None)
tea = CategoryCreated("tea", "Tea", "tea", "food")
mint = CategoryCreated("mint", "Mint", "mint", "tea")


def chain(number):
    """c0 has c1 below it, and so on, down to the last of so many."""
    return [
        CategoryCreated(f"c{n}", f"C{n}", f"c{n}", f"c{n - 1}" if n else None)
        for n in range(number)
    ]


def test_a_category_is_put_up_at_the_top_or_below_another():
    given(categories).when(CreateCategory("food", "Food", "food")).then(food)
    given(categories, food).when(CreateCategory("tea", "Tea", "tea", "food")).then(tea)
    again = CreateCategory("food", "Food", "other")
    given(categories, food).when(again).rejected("categories.category_exists")


def test_what_is_purged_takes_no_level():
    deep = [*chain(LEVELS - 1), CategoryCreated("x", "X", "x", None)]
    below = [CategoryCreated("y", "Y", "y", "x"), CategoryRetired("y")]
    move = MoveCategory("x", f"c{LEVELS - 2}")
    given(categories, *deep, *below).when(move).rejected("categories.too_deep")
    moved = CategoryMoved("x", f"c{LEVELS - 2}")
    given(categories, *deep, *below, CategoryPurged("y")).when(move).then(moved)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateCategory("x", " ", "x"), "categories.name_missing"),
        (CreateCategory("x", "X", "X y"), "categories.slug_malformed"),
        (CreateCategory("x", "X", "tea"), "categories.slug_taken"),
        (CreateCategory("x", "X", "x", "nowhere"), "categories.unknown_parent"),
        (CreateCategory("x", "X", "x", "mint"), "categories.parent_retired"),
        (RenameCategory("tea", "Tea", "food"), "categories.slug_taken"),
        (RenameCategory("tea", ""), "categories.name_missing"),
        (RenameCategory("mint", "Mint"), "categories.retired"),
        (RenameCategory("nowhere", "X"), "categories.unknown_category"),
        (MoveCategory("tea", "mint"), "categories.parent_retired"),
        (MoveCategory("tea", "nowhere"), "categories.unknown_parent"),
        (MoveCategory("mint", None), "categories.retired"),
        (MoveCategory("tea", "tea"), "categories.cycle"),
        (RetireCategory("food"), "categories.not_empty"),
        (RetireCategory("nowhere"), "categories.unknown_category"),
    ],
)
def test_what_is_no_tree_is_refused(command, code):
    given(categories, food, tea, mint, CategoryRetired("mint")).when(command).rejected(code)


def test_what_is_so_already_is_no_news():
    past = food, tea, mint, CategoryRetired("mint")
    for command in (
        RenameCategory("tea", "Tea"),
        RenameCategory("tea", "Tea", "tea"),
        MoveCategory("tea", "food"),
        MoveCategory("food", None),
        RetireCategory("mint"),
        RestoreCategory("tea"),
    ):
        given(categories, *past).when(command).then()


def test_a_category_keeps_its_slug_unless_it_is_given_another():
    given(categories, food).when(RenameCategory("food", "Eat")).then(
        CategoryRenamed("food", "Eat", "food")
    )
    given(categories, food).when(RenameCategory("food", "Food", "eat")).then(
        CategoryRenamed("food", "Food", "eat")
    )


def test_a_category_moves_with_all_below_it_but_not_below_itself():
    drinks = CategoryCreated("drinks", "Drinks", "drinks", None)
    past = food, tea, mint, drinks
    given(categories, *past).when(MoveCategory("tea", "drinks")).then(
        CategoryMoved("tea", "drinks")
    )
    given(categories, *past).when(MoveCategory("food", "mint")).rejected("categories.cycle")
    given(categories, *past).when(MoveCategory("tea", None)).then(CategoryMoved("tea", None))


def test_a_slug_that_was_left_is_free_and_one_taken_meanwhile_keeps_its_owner_away():
    past = food, tea, CategoryRetired("tea"), CategoryCreated("new", "Tea", "tea", None)
    given(categories, *past[:3]).when(CreateCategory("new", "Tea", "tea")).then(past[3])
    given(categories, *past).when(RestoreCategory("tea")).rejected("categories.slug_taken")
    given(categories, *past[:3]).when(RestoreCategory("tea")).then(CategoryRestored("tea"))


def test_a_category_comes_back_only_where_its_parent_lives():
    past = food, tea, CategoryRetired("tea"), CategoryRetired("food")
    given(categories, *past).when(RestoreCategory("tea")).rejected("categories.parent_retired")
    given(categories, *past).when(RestoreCategory("food")).then(CategoryRestored("food"))


def test_a_tree_has_eight_levels_at_the_most_wherever_it_grows():
    last = f"c{LEVELS - 1}"
    deeper = CreateCategory("x", "X", "x", last)
    given(categories, *chain(LEVELS)).when(deeper).rejected("categories.too_deep")
    given(categories, *chain(LEVELS - 1)).when(
        CreateCategory(last, f"C{LEVELS - 1}", last, f"c{LEVELS - 2}")
    ).then(chain(LEVELS)[-1])
    past = *chain(LEVELS - 2), food, tea, mint, CategoryRetired("mint")
    given(categories, *past).when(MoveCategory("food", f"c{LEVELS - 3}")).rejected(
        "categories.too_deep"
    )
    given(categories, *past).when(MoveCategory("tea", f"c{LEVELS - 3}")).then(
        CategoryMoved("tea", f"c{LEVELS - 3}")
    )


def test_a_tree_has_a_thousand_categories_at_the_most_with_the_retired_ones():
    full = [CategoryCreated(f"c{n}", "C", f"c{n}", None) for n in range(MOST)]
    past = *full, CategoryRetired("c0")
    given(categories, *past).when(CreateCategory("x", "X", "x")).rejected("categories.too_many")
    given(categories, *full[1:]).when(CreateCategory("c0", "C", "c0")).then(full[0])


ids = st.sampled_from("abcdefghij")
slugs = st.sampled_from([*"abcdefghij", "A"])
COMMANDS = st.one_of(
    st.builds(CreateCategory, ids, st.sampled_from(["N", "M", ""]), slugs, st.none() | ids),
    st.builds(RenameCategory, ids, st.sampled_from(["N", "O"]), st.none() | slugs),
    st.builds(MoveCategory, ids, st.none() | ids),
    st.builds(MoveCategory, ids, ids),
    st.builds(RetireCategory, ids),
    st.builds(RestoreCategory, ids),
    st.builds(PurgeCategory, ids),
)
grown = st.lists(st.none() | ids, min_size=10, max_size=10).map(
    lambda parents: [
        CreateCategory(id, "N", id, parent)
        for id, parent in zip("abcdefghij", parents, strict=True)
    ]
)
few = st.lists(COMMANDS, max_size=12)
commands = st.tuples(grown, st.lists(COMMANDS, max_size=20)).map(lambda two: [*two[0], *two[1]])


def way_up(tree, id):
    """All that is above it, by the simplest of walks; a loop would be too long."""
    way = []
    while (id := tree.categories[id].parent) is not None:
        way.append(id)
        assert len(way) < LEVELS, way
    return way


@for_all(commands)
def test_whatever_is_done_the_tree_is_a_tree(commands):
    past = history(categories, commands)
    tree = fold(categories, past)
    assert stored(categories, past) == past
    living = [id for id, category in tree.categories.items() if not category.retired]
    for id in tree.categories:
        way_up(tree, id)
    for id in living:
        assert all(not tree.categories[above].retired for above in way_up(tree, id))
    for category in tree.categories.values():
        above = category.parent and tree.categories[category.parent]
        assert not (above and above.purged) or category.purged
    slugs = [tree.categories[id].slug for id in living]
    assert len(set(slugs)) == len(slugs)


@for_all(few, COMMANDS)
def test_a_command_twice_is_no_news_the_second_time(commands, command):
    past = history(categories, commands)
    first = history(categories, [command], past)
    if len(first) > len(past) and not isinstance(command, CreateCategory):
        assert categories.decide(fold(categories, first), command) == []


@for_all(commands, st.builds(MoveCategory, ids, st.none() | ids))
def test_a_move_is_refused_only_for_a_reason(commands, move):
    """A place is refused when it is gone, below the moved one, or too deep; never else."""
    past = history(categories, commands)
    tree = fold(categories, past)
    moved, parent = tree.get(move.category), move.parent and tree.get(move.parent)
    if moved is None or moved.retired or moved.parent == move.parent:
        return
    after = history(categories, [move], past)
    if len(after) > len(past):
        assert fold(categories, after).get(move.category).parent == move.parent
        return
    assert move.parent is not None
    kept = [id for id, category in tree.categories.items() if not category.purged]
    below = [way_up(tree, id) for id in kept if move.category in way_up(tree, id)]
    height = 1 + max((way.index(move.category) + 1 for way in below), default=0)
    assert (
        parent is None
        or parent.retired
        or move.category in (move.parent, *way_up(tree, move.parent))
        or len(way_up(tree, move.parent)) + 1 + height > LEVELS
    )
