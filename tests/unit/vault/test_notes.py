"""Signed notes, checkpoints, certificates, witnesses."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import merkle
from vault.certificates import COMPROMISE, ROTATION, Certificate, KeyHistory, first
from vault.checkpoint import Checkpoint, link
from vault.errors import NoteError, ProofError, WitnessRefusal
from vault.note import Note, SigningKey, VerifierKey, sign
from vault.witness import Witness, request

ORIGIN = "log.example/one"


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate(ORIGIN)


def test_a_known_note_of_the_format_verifies() -> None:
    # the example of c2sp.org/signed-note's reference implementation (golang.org/x/mod/sumdb/note)
    known = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZIn"
        "NIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert Note.parse(text).verified_by([known]) == [known]


def test_a_checkpoint_goes_round(key: SigningKey) -> None:
    head = Checkpoint(ORIGIN, 7, merkle.root([b"a"]), (link(b"\x01" * 32),)).signed(key)
    read = Checkpoint.parse(head.note)
    assert read == head
    assert read.previous == b"\x01" * 32
    assert read.parsed_note().verified_by([key.verifier]) == [key.verifier]
    assert str(VerifierKey.parse(str(key.verifier))) == str(key.verifier)


def test_every_flipped_character_of_a_checkpoint_is_refused(key: SigningKey) -> None:
    history = KeyHistory([first(ORIGIN, key, None)], key.verifier)
    note = Checkpoint(ORIGIN, 12345, merkle.root([b"a"])).signed(key).note
    history.check(Checkpoint.parse(note))
    data = note.encode()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(NoteError):
            history.check(Checkpoint.parse(changed))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no signature\n",
        "text\n\n",
        "log\n1\nAAAA\n\n\u2014 log AAAA\n",
        "log\n01\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA\n",
        "log\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA\n",
        "log\n18446744073709551616\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA\n",
        "log\n\u0661\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA\n",
        "lo g\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA\n",
        "log\n1\n" + base64.b64encode(bytes(31)).decode() + "\n\n\u2014 log AAAAAAAA\n",
        "log\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n- log AAAAAAAA\n",
        "log\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA",
        "log\r\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n\u2014 log AAAAAAAA\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_parsers_raise_note_error_and_nothing_else(data: bytes) -> None:
    for parse in (Checkpoint.parse, Note.parse):
        with contextlib.suppress(NoteError):
            parse(data)
    for text_parse in (VerifierKey.parse, Certificate.parse):
        with contextlib.suppress(NoteError):
            text_parse(data.decode("latin-1"))


def test_a_note_with_two_signatures_of_one_key_is_refused(key: SigningKey) -> None:
    note = sign("text\n", key, key)
    with pytest.raises(NoteError):
        Note.parse(note).verified_by([key.verifier])


def grown(key: SigningKey, owner: SigningKey | None, *steps: tuple[str, SigningKey, int]) -> list[Certificate]:
    """A line of certificates: (reason, new key, from size)."""
    line, last = [first(ORIGIN, key, owner)], key
    for generation, (reason, new, size) in enumerate(steps, 2):
        signer = last if reason == ROTATION else owner
        assert signer is not None
        certificate = Certificate(
            ORIGIN, generation, reason, new.verifier, owner.verifier if owner else None, size, bytes(32)
        )
        line.append(certificate.signed(signer, new))
        last = new
    return line


def head(key: SigningKey, size: int) -> Checkpoint:
    """A signed head."""
    return Checkpoint(ORIGIN, size, bytes(32) if size in (10, 20) else merkle.leaf_hash(bytes([size]))).signed(key)


def test_only_the_key_in_force_at_a_size_may_sign_it(key: SigningKey) -> None:
    second = SigningKey.generate(ORIGIN)
    history = KeyHistory(grown(key, None, (ROTATION, second, 10)), key.verifier)
    assert history.check(head(key, 9)) == key.verifier
    assert history.check(head(key, 10)) == key.verifier
    assert history.check(head(second, 11)) == second.verifier
    for wrong in (head(key, 11), head(second, 9), head(SigningKey.generate(ORIGIN), 9)):
        with pytest.raises(NoteError):
            history.check(wrong)
    with pytest.raises(NoteError):
        history.check(Checkpoint(ORIGIN, 10, b"\x01" * 32).signed(key))  # another root than the certificate names


def test_after_a_theft_a_lone_receipt_of_the_old_key_is_worth_nothing(key: SigningKey) -> None:
    owner, new = SigningKey.generate("owner"), SigningKey.generate(ORIGIN)
    history = KeyHistory(grown(key, owner, (COMPROMISE, new, 10)), owner.verifier)
    history.check(head(key, 5))
    with pytest.raises(NoteError):
        history.check(head(key, 5), whole_log=False)
    assert history.check(head(new, 12), whole_log=False) == new.verifier


def test_a_key_that_the_owner_did_not_certify_is_refused(key: SigningKey) -> None:
    owner, thief = SigningKey.generate("owner"), SigningKey.generate("owner")
    with pytest.raises(NoteError):
        KeyHistory([first(ORIGIN, key, None)], owner.verifier)
    with pytest.raises(NoteError):
        KeyHistory([first(ORIGIN, key, thief)], owner.verifier)
    line = grown(key, owner)
    forged = Certificate(ORIGIN, 2, COMPROMISE, thief.verifier, owner.verifier, 10, bytes(32)).signed(thief)
    with pytest.raises(NoteError):
        KeyHistory([*line, forged], owner.verifier)


def test_a_foreign_owner_cannot_be_put_behind_a_trusted_later_key(key: SigningKey) -> None:
    # the attacker forges the past of a key that somebody trusts, to name an owner of his own
    trusted = SigningKey.generate(ORIGIN)
    thief, puppet, mine = SigningKey.generate("owner"), SigningKey.generate(ORIGIN), SigningKey.generate(ORIGIN)
    line = [first(ORIGIN, puppet, thief)]
    second = Certificate(ORIGIN, 2, ROTATION, trusted.verifier, thief.verifier, 5, bytes(32)).signed(puppet)
    third = Certificate(ORIGIN, 3, COMPROMISE, mine.verifier, thief.verifier, 9, bytes(32)).signed(thief, mine)
    with pytest.raises(NoteError):
        KeyHistory([*line, second, third], trusted.verifier)


@pytest.fixture
def tree() -> merkle.Tree:
    return merkle.Tree([bytes([n]) for n in range(50)])


@pytest.fixture
def witness(tmp_path: Path, key: SigningKey) -> Witness:
    return Witness(
        tmp_path, SigningKey.generate("witness.example"), {ORIGIN: key.verifier}, clock=lambda: 1_790_000_000
    )


def at(tree: merkle.Tree, key: SigningKey, size: int) -> Checkpoint:
    """The tree's signed head at a size."""
    return Checkpoint(ORIGIN, size, tree.root(size)).signed(key)


async def test_a_witness_cosigns_growth(witness: Witness, key: SigningKey, tree: merkle.Tree) -> None:
    one, two = at(tree, key, 10), at(tree, key, 30)
    first_answer = await witness.add_checkpoint(request(0, [], one))
    assert (first_answer.status, first_answer.body.count("\n")) == (200, 1)
    proof = tree.consistency_proof(10, 30)
    answer = await witness.add_checkpoint(request(10, proof, two))
    assert answer.status == 200
    note = Note.parse(two.note + answer.body)
    assert note.verified_by([key.verifier, witness.verifier]) == [key.verifier, witness.verifier]
    assert note.cosigned_at(witness.verifier) == 1_790_000_000
    again = await witness.add_checkpoint(request(30, [], two))
    assert again.status == 200
    assert not witness.proofs()


async def test_a_witness_refuses_a_fork_and_keeps_both_heads(
    witness: Witness, key: SigningKey, tree: merkle.Tree
) -> None:
    await witness.witness(at(tree, key, 10))
    other = merkle.Tree([bytes([n, 1]) for n in range(50)])
    with pytest.raises(WitnessRefusal, match="forked"):
        await witness.witness(at(other, key, 10))
    (proof,) = witness.proofs()
    assert at(tree, key, 10).note.split("\n")[2] in proof.read_text()
    assert at(other, key, 10).note.split("\n")[2] in proof.read_text()
    with pytest.raises(ProofError):
        await witness.witness(at(other, key, 20), other.consistency_proof(10, 20))
    assert len(witness.proofs()) == 2
    assert (await witness.add_checkpoint(request(10, [], at(other, key, 10)))).status == 422


async def test_a_witness_refuses_a_rollback_even_after_restart(
    witness: Witness, key: SigningKey, tree: merkle.Tree, tmp_path: Path
) -> None:
    await witness.witness(at(tree, key, 30))
    fresh = Witness(tmp_path, SigningKey.generate("witness.example"), {ORIGIN: key.verifier})
    with pytest.raises(WitnessRefusal):
        await fresh.witness(at(tree, key, 10))
    assert [path.name.split("-")[0] for path in fresh.proofs()] == ["rollback"]
    assert (await fresh.add_checkpoint(request(0, [], at(tree, key, 40)))).body == "30\n"


async def test_a_fork_shown_to_two_witnesses_comes_out_when_they_compare(
    key: SigningKey, tree: merkle.Tree, tmp_path: Path
) -> None:
    one, two = (Witness(tmp_path / name, SigningKey.generate(name), {ORIGIN: key.verifier}) for name in ("one", "two"))
    other = merkle.Tree([bytes([n, 1]) for n in range(50)])
    await one.witness(at(tree, key, 20))
    await two.witness(at(other, key, 20))
    seen = await one.seen(ORIGIN)
    assert seen is not None
    with pytest.raises(WitnessRefusal):
        await two.witness(seen)
    assert len(two.proofs()) == 1


async def test_a_witness_answers_bad_requests_by_their_status(
    witness: Witness, key: SigningKey, tree: merkle.Tree
) -> None:
    stranger = SigningKey.generate(ORIGIN)
    unknown = Checkpoint("other/log", 1, bytes(32)).signed(SigningKey.generate("other/log"))
    good = at(tree, key, 10)
    assert (await witness.add_checkpoint(b"nonsense")).status == 400
    assert (await witness.add_checkpoint(b"old x\n\n" + good.note.encode())).status == 400
    assert (await witness.add_checkpoint(request(0, [b"short"], good))).status == 400
    assert (await witness.add_checkpoint(request(0, [], unknown))).status == 404
    assert (await witness.add_checkpoint(request(0, [], at(tree, stranger, 10)))).status == 403
    assert (await witness.add_checkpoint(request(5, [], good))).status == 409
    assert (await witness.add_checkpoint(request(0, [bytes(32)], good))).status == 422
    assert (await witness.add_checkpoint(request(0, [], good))).status == 200
    assert (await witness.add_checkpoint(request(10, [bytes(32)], at(tree, key, 20)))).status == 422
    assert (await witness.add_checkpoint(b"x" * 70_000)).status == 400
