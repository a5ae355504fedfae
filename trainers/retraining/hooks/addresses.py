"""Where a host name leads, and whether a webhook may go there.

A name is resolved once, and the connection is made to the address that was checked: a name server
that answers otherwise the second time (DNS rebinding) is not asked a second time.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from trainers.retraining.hooks.outcomes import HookFailed, PermanentFailure

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and what `socket.connect` takes for it."""

_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# The metadata of other clouds is in ranges that Python knows to be private.
_METADATA = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))  # Azure, Oracle


def resolve(host: str, port: int, seconds: float, allow_private: bool) -> list[Address]:
    """The addresses of a host, all of which a webhook may go to.

    Args:
        host: a name or an address.
        port: TCP port.
        seconds: how long to wait for the name server.
        allow_private: also those that are not on the public internet.

    Raises:
        PermanentFailure: one of the addresses is not public.
        HookFailed: the name has no address, or none came in time.
    """
    addresses = _look_up(host, port, seconds)
    refused = [] if allow_private else [a for _, (a, *_) in addresses if not is_public(a)]
    if refused:
        raise PermanentFailure(
            f"its host leads to {refused[0]}, which is not a public address: correct `url`, or set "
            "`allow_private: true` if you trust what is there"
        )
    return addresses


def is_public(text: str) -> bool:
    """Whether an address is on the public internet.

    Private, shared, loopback, link-local, multicast, reserved and cloud metadata addresses are not,
    nor are the forms of IPv6 that carry such an IPv4 address.
    """
    address = ip_address(text)
    carried = _carried(address)
    if carried is not None:
        return is_public(str(carried))
    if address.is_multicast or any(address in network for network in _METADATA):
        return False
    return address.is_global and (address.version == 4 or address in _GLOBAL_UNICAST)


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def _look_up(host: str, port: int, seconds: float) -> list[Address]:
    """In a thread, because the system's resolver takes no time limit."""
    found: SimpleQueue[list[Address] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put([(family, address) for family, _, _, _, address in answers])
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    Thread(target=ask, daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        raise HookFailed(f"its host was not resolved within {seconds:.3g} seconds") from None
    if isinstance(answer, OSError):
        raise HookFailed(f"its host cannot be resolved: {answer}")
    return answer
