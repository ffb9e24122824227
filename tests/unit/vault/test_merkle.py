"""The tree against the reference vectors, against itself, and against whatever an attacker may pass."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import merkle
from vault.errors import ProofError
from vault.tiles import Edge, TileNodes, TileTree, tiles_for

SHARED = Path(os.environ.get("TRINITY_SHARED", Path(__file__).parents[4] / "shared")) / "vectors" / "merkle"


def vectors(name: str) -> Any:
    """One file of the reference vectors, or a skip with the reason."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the reference vectors are not here: {path}")
    return json.loads(path.read_text())


def decoded(text: str | None) -> bytes:
    """Standard base64; nothing is no bytes."""
    return base64.b64decode(text) if text else b""


def test_roots_of_the_reference_leaves() -> None:
    data = vectors("roots.json")
    leaves = [bytes.fromhex(leaf) for leaf in data["leaves_hex"]]
    assert [merkle.leaf_hash(leaf).hex() for leaf in leaves] == data["leaf_hash_hex"]
    for size, root in data["root_hex_by_size"].items():
        assert merkle.root(leaves[: int(size)]).hex() == root


def test_inclusion_vectors() -> None:
    for case in vectors("inclusion.json"):
        arguments = (
            case["leafIdx"],
            case["treeSize"],
            decoded(case["leafHash"]),
            [decoded(item) for item in case["proof"] or []],
            decoded(case["root"]),
        )
        if case["wantErr"]:
            with pytest.raises(ProofError):
                merkle.verify_inclusion(*arguments)
        else:
            merkle.verify_inclusion(*arguments)


def test_consistency_vectors() -> None:
    for case in vectors("consistency.json"):
        arguments = (
            case["size1"],
            case["size2"],
            [decoded(item) for item in case["proof"] or []],
            decoded(case["root1"]),
            decoded(case["root2"]),
        )
        if case["wantErr"]:
            with pytest.raises(ProofError):
                merkle.verify_consistency(*arguments)
        else:
            merkle.verify_consistency(*arguments)


@given(st.integers(1, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_every_proof_verifies_and_no_other_place_does(size: int, data: st.DataObject) -> None:
    leaves = [number.to_bytes(2, "big") for number in range(size)]
    tree = merkle.Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, tree)
    assert proof == merkle.inclusion_proof(index, size, leaves)
    root = merkle.root(leaves)
    leaf = merkle.leaf_hash(leaves[index])
    merkle.verify_inclusion(index, size, leaf, proof, root)
    other = data.draw(st.integers(0, 2 * size))
    if other != index:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(other, size, leaf, proof, root)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, leaf, [*proof, leaf], root)
    if proof:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(index, size, leaf, proof[:-1], root)
    size1 = data.draw(st.integers(1, size))
    consistency = tree.consistency_proof(size1, size)
    merkle.verify_consistency(size1, size, consistency, tree.root(size1), root)
    if size1 != size:
        with pytest.raises(ProofError):
            merkle.verify_consistency(size1, size, consistency, root, tree.root(size1))


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=40),
    st.just(b"\x00" * 32),
    st.just(bytearray(32)),
    st.lists(st.one_of(st.binary(max_size=40), st.just(b"\x00" * 32), st.none(), st.integers()), max_size=70),
    st.dictionaries(st.text(max_size=2), st.binary(max_size=2), max_size=2),
)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
@settings(max_examples=400, deadline=None)
def test_bad_input_raises_proof_error_and_nothing_else(one: Any, two: Any, three: Any, four: Any, five: Any) -> None:
    for call in (merkle.verify_inclusion, merkle.verify_consistency):
        try:
            call(one, two, three, four, five)
        except ProofError:
            continue


@pytest.mark.parametrize("number", [-1, 2**64, 2**64 + 1, 2**200, True, 1.0, "1", None])
def test_numbers_outside_unsigned_64_bits_are_refused(number: Any) -> None:
    leaf = merkle.leaf_hash(b"")
    with pytest.raises(ProofError):
        merkle.verify_inclusion(number, 1, leaf, [], leaf)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(0, number, leaf, [], leaf)
    with pytest.raises(ProofError):
        merkle.verify_consistency(number, 2, [leaf], leaf, leaf)
    with pytest.raises(ProofError):
        merkle.verify_consistency(1, number, [leaf], leaf, leaf)
    with pytest.raises(ProofError):
        merkle.inclusion_proof(number, 5)
    with pytest.raises(ProofError):
        merkle.inclusion_proof(0, number, [b""])


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_hashes_of_another_length_are_refused(length: int) -> None:
    good, bad = merkle.leaf_hash(b""), b"\x00" * length
    for arguments in ((0, 2, bad, [good], good), (0, 2, good, [bad], good), (0, 2, good, [good], bad)):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*arguments)
    for given_ in ((1, 2, [bad], good, good), (1, 2, [good], bad, good), (1, 2, [good], good, bad)):
        with pytest.raises(ProofError):
            merkle.verify_consistency(*given_)


def test_a_tree_of_size_zero_promises_nothing() -> None:
    for size in (0, 1, 5):
        with pytest.raises(ProofError):
            merkle.verify_consistency(0, size, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT)


def test_without_a_tree_the_proof_is_the_plan() -> None:
    assert merkle.inclusion_proof(3, 7) == [(2, 3), (0, 2), (4, 7)]


def test_an_inner_node_is_no_leaf() -> None:
    tree = merkle.Tree([b"a", b"b", b"c", b"d"])
    inner = merkle.leaf_hash(b"a") + merkle.leaf_hash(b"b")
    with pytest.raises(ProofError):
        merkle.verify_inclusion(0, 2, merkle.leaf_hash(inner), tree.inclusion_proof(0, 4)[1:], tree.root())


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_edge_grows_like_the_tree_in_whatever_pieces(pieces: list[int]) -> None:
    edge, tree, tiles, number = Edge.empty(), merkle.Tree(), [], 0
    for piece in pieces:
        hashes = []
        for _ in range(piece):
            leaf = number.to_bytes(3, "big")
            tree.append(leaf)
            hashes.append(merkle.leaf_hash(leaf))
            number += 1
        tiles += edge.extend(hashes)
        assert (edge.size, edge.root()) == (tree.size, tree.root())
        assert edge.copy().stack == edge.stack
    for tile in tiles:
        assert tile.root == tree.node(8 * (tile.level + 1), tile.index)
        assert tile.data[:32] == tree.node(8 * tile.level, tile.index * 256)
    full = {(tile.level, tile.index): TileTree(tile.data) for tile in tiles}
    nodes = TileNodes(full, edge)
    ranges = merkle.inclusion_ranges(number // 2, number)
    assert tiles_for(ranges, number) <= set(full)
    assert [merkle.range_hash(nodes, *range_) for range_ in ranges] == tree.inclusion_proof(number // 2, number)


def test_an_edge_of_two_levels_of_tiles() -> None:
    edge = Edge.empty()
    tiles = edge.extend([merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(65536 + 300)])
    assert [tile.index for tile in tiles if tile.level == 0] == list(range(257))
    (top,) = [tile for tile in tiles if tile.level == 1]
    assert top.root == edge.stack[0]
    assert top.data == b"".join(tile.root for tile in tiles if tile.level == 0 and tile.index < 256)
    assert [len(row) for row in edge.partial] == [44, 1, 1]
