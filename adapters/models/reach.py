"""Whether an address stays on this machine or its private network, or leads outside.

Private means loopback (RFC 1122, RFC 4291), RFC 1918, link-local (RFC 3927, RFC 4291) or unique local (RFC 4193).
Shared address space of carriers (RFC 6598) is not: others use it too.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

_PRIVATE = tuple(
    ipaddress.ip_network(net)
    for net in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)
_RESOLVE_S = 3.0


def private_address(text: str) -> bool:
    """Whether one numeric address is private; IPv4 hidden in IPv6 is judged as the IPv4 it is."""
    try:
        address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address.version == net.version and address in net for net in _PRIVATE)


async def stays_private(url: str) -> bool:
    """Whether every address behind the URL's host is private; a name that cannot be resolved counts as outside.

    Asked anew before each call, because a name may come to mean another machine.
    """
    host = urlsplit(url).hostname
    if not host:
        return False
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
        return private_address(host)
    except ValueError:
        pass
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return False
    return bool(found) and all(private_address(str(entry[4][0])) for entry in found)


def cloud_tag(model: str) -> bool:
    """Ollama forwards models whose tag ends in `-cloud` (or is `cloud`) to its own servers."""
    tag = model.strip().lower()
    return tag.endswith(("-cloud", ":cloud"))
