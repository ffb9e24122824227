"""Host names, origins and secrets are compared strictly."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from bots.bridge.guard import csrf_matches, same_origin, split_host


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:3100", ("localhost", 3100)),
        ("LOCALHOST", ("localhost", None)),
        ("localhost.", ("localhost", None)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:3100", ("::1", 3100)),
        ("evil@localhost", ("", None)),
        ("localhost/evil", ("", None)),
        ("localhost?x", ("", None)),
        ("localhost:99999", ("", None)),
        ("[::1", ("", None)),
        ("localhost.evil.example", ("localhost.evil.example", None)),
    ],
)
def test_split_host(host: str, expected: tuple[str, int | None]) -> None:
    assert split_host(host) == expected


def request(**headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": pairs})


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "localhost:1", "origin": "http://localhost:1"}, True),
        ({"host": "localhost:1", "origin": "http://LOCALHOST:1"}, True),
        ({"host": "trinity.example", "origin": "https://trinity.example"}, True),
        ({"host": "localhost:1", "origin": "http://localhost:2"}, False),
        ({"host": "localhost:1", "origin": "http://127.0.0.1:1"}, False),
        ({"host": "localhost:1", "origin": "http://localhost:1.evil.example"}, False),
        ({"host": "localhost:1", "origin": "file://localhost:1"}, False),
        ({"host": "localhost:1", "origin": "http://localhost:1", "sec_fetch_site": "cross-site"}, False),
        ({"host": "localhost:1", "origin": "null"}, False),
        ({"host": "localhost:1", "origin": "null", "sec_fetch_site": "same-origin"}, True),
        ({"host": "localhost:1", "origin": "null", "sec_fetch_site": "same-site"}, False),
        ({"host": "localhost:1"}, False),
        ({"host": "localhost:1", "sec_fetch_site": "same-origin"}, True),
        ({"host": "localhost:1", "sec_fetch_site": "none"}, False),
    ],
)
def test_same_origin(headers: dict[str, str], expected: bool) -> None:
    assert same_origin(request(**headers)) is expected


def test_two_origins_are_none() -> None:
    pairs = [(b"host", b"localhost:1"), (b"origin", b"http://localhost:1"), (b"origin", b"http://evil.example")]
    assert not same_origin(Request({"type": "http", "method": "POST", "path": "/", "headers": pairs}))


def test_csrf_matches() -> None:
    assert csrf_matches("secret", "secret")
    assert not csrf_matches("secret", "Secret")
    assert not csrf_matches("secret", None)
    assert not csrf_matches("", "")
    assert not csrf_matches("secret", "sécret")
