"""The quick scan: what it sees, what it picks, and that a secret keeps its file at home."""

from __future__ import annotations

import pytest

from bots.analyze import wanted
from bots.analyze_files import SourceFile
from bots.analyze_scan import MOST_PICKED, MOST_PICKED_CHARS, look, pick, summary, table
from bots.inbound import Attachment, Inbound
from organs.bundles import Actor, Proof, Role

ANA = Actor("ana", "Ana", Role.MEMBER, Proof.LINKED, "bridge")


class Marked:
    def secret(self, text: str) -> bool:
        return "hunter" in text


def file(name: str, text: str) -> SourceFile:
    return SourceFile(name, text, len(text), False)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("x = 1\nsubprocess.run(cmd, shell=True)", "runs a shell (line 2)"),
        ("eval(user)", "runs text as code (line 1)"),
        ('cursor.execute(f"select {x}")', "builds SQL from pieces (line 1)"),
        ("requests.get(u, verify=False)", "does not check certificates (line 1)"),
        ("try:\n  f()\nexcept Exception:\n  pass", "swallows errors (line 3)"),
        ("# TODO mend\n# FIXME too", "2 open notes"),
        ("key = hunter2", "holds a password or key"),
    ],
)
def test_what_is_seen(text: str, seen: str) -> None:
    assert seen in look(file("a.py", text), Marked()).findings


@pytest.mark.parametrize("text", ["x = 1", "model.evaluate()", "retrieval(x)", "cursor.execute('select 1', (x,))"])
def test_what_is_not_unusual(text: str) -> None:
    assert look(file("a.py", text), Marked()).findings == ()


def test_the_weightiest_are_picked_and_a_secret_stays_at_home() -> None:
    files = [file(f"f{n:03}.py", "x = 1\n" * n) for n in range(40)]
    files += [file("risky.py", "eval(x)"), file("keys.py", "hunter2 eval(x)")]
    looks = [look(one, Marked()) for one in files]
    picked = pick(files, looks)
    assert picked[0].name == "risky.py"
    assert len(picked) == MOST_PICKED
    assert "keys.py" not in {one.name for one in picked}
    assert sum(len(one.text) for one in picked) <= MOST_PICKED_CHARS
    alone = [file("keys.py", "hunter2")]
    assert [one.name for one in pick(alone, [look(alone[0], Marked())])] == ["keys.py"]


def test_the_table_cannot_be_broken_by_a_name() -> None:
    looks = [look(file("a|b`c.py", "eval(x)"), None)]
    rows = table(looks, {"a|b`c.py": "says | this\nand that"}).splitlines()
    assert len(rows) == 3
    assert rows[2].count("|") == 5
    assert "1 text files" in summary(looks)


def test_what_asks_for_an_analysis() -> None:
    archive = (Attachment("src.tar.gz", "application/gzip", b""),)

    def says(text: str, attachments: tuple[Attachment, ...] = archive) -> bool:
        return wanted(Inbound("bridge", "e", "t", ANA, text, attachments))

    assert says("@Trinity analyze")
    assert says("Trinity, analyse this codebase")
    assert says("please review this, above all the login")
    assert says("Analysiere das bitte")
    assert not says("what is in it?")
    assert not says("analyze", (Attachment("a.txt", "text/plain", b""),))
