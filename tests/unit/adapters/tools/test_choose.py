"""Choosing tools by meaning: the fitting one is among the first, and questions about nothing of theirs get none."""

from __future__ import annotations

import pytest

from adapters.embeddings import Embedder, make_embedder
from adapters.tools import choose

TOOLS = (
    ("buckets.delete_bucket", "Delete a storage bucket and everything in it."),
    ("buckets.list_buckets", "List the names of all storage buckets."),
    ("notes.add_note", "Keep a note for the asker."),
    ("web.fetch_page", "Fetch the text of a web page."),
    ("github.create_issue", "Create an issue in a GitHub repository."),
    ("github.close_issue", "Close an issue of a GitHub repository."),
    ("k8s.restart", "Restart a deployment in the cluster."),
    ("k8s.scale", "Scale a deployment to a number of replicas."),
    ("mail.send", "Send an email to somebody."),
    ("calendar.create_event", "Create an event in the team calendar."),
    ("pay.refund", "Refund a payment to a customer."),
    ("dns.delete_record", "Delete a DNS record of a zone."),
    ("users.block", "Block a user account."),
    ("weather.now", "Tell the weather in a city."),
)
FIRST = {
    "delete the staging bucket": "buckets.delete_bucket",
    "remove bucket staging please": "buckets.delete_bucket",
    "which buckets are there?": "buckets.list_buckets",
    "restart the api deployment": "k8s.restart",
    "scale web to 5 replicas": "k8s.scale",
    "refund payment 8812": "pay.refund",
    "open an issue about the login bug": "github.create_issue",
    "block user mallory": "users.block",
    "what's the weather in Oslo?": "weather.now",
    "add a note that the demo is on Friday": "notes.add_note",
    "put the retro into the calendar on Monday": "calendar.create_event",
    "fetch the page https://example.com/hours": "web.fetch_page",
}
NOTHING = ("what is the capital of Mongolia?", "what is 2+2", "hello", "who won the world cup in 2022?", "")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return make_embedder()


@pytest.mark.parametrize("request_", FIRST)
async def test_the_fitting_tool_comes_first(embedder: Embedder, request_: str) -> None:
    ranked = await choose.rank(request_, TOOLS, embedder)
    assert TOOLS[ranked[0][0]][0] == FIRST[request_]


@pytest.mark.parametrize("request_", NOTHING)
async def test_a_question_about_nothing_of_theirs_gets_none(embedder: Embedder, request_: str) -> None:
    assert await choose.rank(request_, TOOLS, embedder) == []
