"""The tool that a person's own words name, with arguments taken word for word; anything less is no fit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from organs.bundles import Effect
from organs.literal import fit
from organs.ports import OfferedTool

TEXT = {"type": "string"}


def tool(action: str, summary: str, **arguments: object) -> OfferedTool:
    schema: Mapping[str, object] = {"type": "object", "properties": arguments, "required": list(arguments)}
    return OfferedTool(action, action, summary, summary, schema, Effect.IRREVERSIBLE)


TOOLS = (
    tool("buckets.delete_bucket", "Delete a storage bucket and everything in it.", name=TEXT),
    tool("buckets.create_bucket", "Create a storage bucket.", name=TEXT),
    tool("k8s.restart_deployment", "Restart a deployment in the cluster.", name=TEXT),
    tool("k8s.scale_deployment", "Scale a deployment.", name=TEXT, replicas={"type": "integer"}),
    tool("pay.refund_payment", "Refund a payment to a customer.", id={"type": "integer"}),
    tool("users.block_user", "Block a user account.", user=TEXT),
    tool("web.purge_cache", "Purge the cache of the web site."),
    tool("mail.send_email", "Send an email.", to={"type": "string", "format": "email"}, text=TEXT),
    tool("db.move_table", "Move a table.", source=TEXT, target=TEXT),
)
FITS = {
    "delete the staging bucket": ("buckets.delete_bucket", {"name": "staging"}),
    "Please delete the bucket staging.": ("buckets.delete_bucket", {"name": "staging"}),
    "can you delete the staging bucket?": ("buckets.delete_bucket", {"name": "staging"}),
    "remove bucket Staging-2": ("buckets.delete_bucket", {"name": "Staging-2"}),
    'delete the bucket "old logs"': ("buckets.delete_bucket", {"name": "old logs"}),
    "lösche den Bucket staging": ("buckets.delete_bucket", {"name": "staging"}),
    "create a bucket called staging": ("buckets.create_bucket", {"name": "staging"}),
    "restart the api deployment": ("k8s.restart_deployment", {"name": "api"}),
    "scale the web deployment to 5 replicas": ("k8s.scale_deployment", {"name": "web", "replicas": "5"}),
    "refund payment 8812": ("pay.refund_payment", {"id": "8812"}),
    "block user mallory": ("users.block_user", {"user": "mallory"}),
    "purge the cache": ("web.purge_cache", {}),
    "send an email to bo@example.com: see you at nine": (
        "mail.send_email",
        {"to": "bo@example.com", "text": "see you at nine"},
    ),
}
NO_FIT = (
    "delete the bucket",
    "delete all buckets",
    "delete every bucket but staging",
    "delete the oldest bucket",
    "delete the staging bucket and the production bucket",
    "delete the staging bucket in project foo",
    "delete the staging bucket unless it is in use",
    "do not delete the staging bucket",
    "should I delete the staging bucket?",
    "how do I delete a bucket?",
    "delete my account",
    "drop the users table in production",
    "purge the cache and restart the server",
    "refund payments 1 and 2",
    "refund payment",
    "move the table a to b",
    "hello",
    "",
)


@pytest.mark.parametrize("request_", FITS)
def test_words_that_name_one_tool_and_fill_it(request_: str) -> None:
    found = fit(request_, TOOLS)
    assert found is not None
    assert (found[0].action, dict(found[1])) == FITS[request_]


@pytest.mark.parametrize("request_", NO_FIT)
def test_words_that_leave_anything_open_fit_nothing(request_: str) -> None:
    assert fit(request_, TOOLS) is None


def test_two_tools_that_would_both_do_fit_nothing() -> None:
    twice = (*TOOLS, tool("other.delete_bucket", "Delete a bucket.", name=TEXT))
    assert fit("delete the staging bucket", twice) is None
