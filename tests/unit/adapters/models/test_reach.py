"""Which addresses stay on private ground; everything else counts as online."""

from __future__ import annotations

import pytest

from adapters.models.reach import cloud_tag, private_address, stays_private


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434",
        "http://localhost:1234",
        "http://[::1]:11434",
        "http://10.1.2.3",
        "http://172.31.255.1:80",
        "http://192.168.1.20:1234/v1",
        "http://169.254.1.1",
        "http://[fd00::1]:80",
        "http://[fe80::1]",
        "http://[::ffff:10.0.0.1]",
    ],
)
async def test_private(url: str) -> None:
    assert await stays_private(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8:11434",
        "http://172.32.0.1",
        "http://172.15.255.255",
        "http://192.169.0.1",
        "http://100.64.0.1",
        "http://0.0.0.0",
        "http://[2001:db8::1]",
        "http://[::ffff:8.8.8.8]",
        "http://no-such-host.invalid",
        "http://",
        "nonsense",
        "http://127.0.0.1.example.invalid",
    ],
)
async def test_outside(url: str) -> None:
    assert not await stays_private(url)


def test_private_address_of_nonsense() -> None:
    assert not private_address("localhost")


@pytest.mark.parametrize("tag", ["gpt-oss:120b-cloud", "glm-4.6:cloud", "QWEN3-CODER:480B-CLOUD "])
def test_cloud_tags(tag: str) -> None:
    assert cloud_tag(tag)


@pytest.mark.parametrize("tag", ["llama3.1", "cloud-llama:8b", "gpt-oss:20b"])
def test_tags_that_stay(tag: str) -> None:
    assert not cloud_tag(tag)
