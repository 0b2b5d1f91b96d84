"""The tree is RFC 6962's, however it grew."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.roots.tree import Frontier

# The leaves and roots that certificate transparency's implementations are tested with.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
LEAVES.append("606162636465666768696a6b6c6d6e6f")
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def grown(leaves):
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree


@pytest.mark.parametrize("size", ROOTS)
def test_its_roots_are_those_that_are_published(size):
    assert grown(map(bytes.fromhex, LEAVES[:size])).root.hex() == ROOTS[size]


def by_the_book(leaves):
    """As the RFC defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = by_the_book(leaves[:split]), by_the_book(leaves[split:])
    return hashlib.sha256(b"\1" + left + right).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.integers(0, 70))
def test_it_grows_from_where_it_was_left_to_what_the_book_says(leaves, stop):
    tree = grown(leaves[:stop])
    again = Frontier(tree.size, tree.packed)
    for leaf in leaves[stop:]:
        again.add(leaf)
    assert (again.size, again.root) == (len(leaves), by_the_book(leaves))


@given(st.integers(0, 300), st.integers(0, 10))
def test_a_frontier_of_another_size_is_refused(size, hashes):
    if hashes == size.bit_count():
        assert Frontier(size, bytes(32 * hashes)).size == size
    else:
        with pytest.raises(ValueError, match="no tree"):
            Frontier(size, bytes(32 * hashes))
