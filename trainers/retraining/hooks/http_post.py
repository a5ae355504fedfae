"""One HTTP POST to an address that was checked, within a time limit; nothing is followed."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from time import monotonic
from urllib.parse import urlsplit

from trainers.retraining.hooks.addresses import Address, resolve
from trainers.retraining.hooks.outcomes import HookFailed

KEPT_BYTES = 1 << 16
"""An answer may have this many."""

_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "write one such as `https://ops.example/hook`"


@dataclass(frozen=True)
class Target:
    """The parts of a URL."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query."""


@dataclass(frozen=True)
class Answer:
    """What the receiver said."""

    status: int
    body: bytes | None
    """None: it broke off, or is longer than `KEPT_BYTES`."""


def parse_url(url: str) -> Target:
    """Take a URL apart.

    Raises:
        ValueError: it is none that may be called. No part of it is shown, for it may be a secret.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("a URL has no spaces and only ASCII characters: encode the others")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the host or the port of a URL is wrong: " + _EXAMPLE) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("a URL begins with `https://` or `http://` and a host: " + _EXAMPLE)
    if "@" in parts.netloc:
        raise ValueError(
            "a URL holds no user and password, for they would be stored with the run: sign with "
            "`secret_env`"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path)


def post(
    target: Target, body: bytes, headers: Mapping[str, str], seconds: float, allow_private: bool
) -> Answer:
    """Send `body`, without proxies, cookies and redirects.

    Args:
        target: where to.
        body: what.
        headers: besides `Host` and `Content-Length`.
        seconds: for all of it, from the name's resolution to the answer's last byte.
        allow_private: whether the address need not be public.

    Raises:
        PermanentFailure: the address is not public.
        HookFailed: there was no answer, or it came late.
    """
    deadline = monotonic() + seconds
    late = HookFailed(f"it did not answer within {seconds:g} seconds")
    addresses = resolve(target.host, target.port, seconds, allow_private)
    try:
        with closing(_connect(addresses, deadline)) as plain, _cut_off(plain, deadline):
            answer = _exchange(_opened(plain, target), target.path, body, headers)
    except (OSError, HTTPException) as error:
        if monotonic() >= deadline:
            raise late from error
        raise HookFailed(f"there was no answer: {type(error).__name__}: {error}") from error
    if monotonic() >= deadline:  # a body that was cut off may look whole
        raise late
    return answer


def _connect(addresses: list[Address], deadline: float) -> socket.socket:
    failure = OSError("the host has no address")
    for family, address in addresses:
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(max(deadline - monotonic(), 0.001))
            plain.connect(address)
        except OSError as error:
            plain.close()
            failure = error
        else:
            return plain
    raise failure


@contextmanager
def _cut_off(plain: socket.socket, deadline: float) -> Iterator[None]:
    """Shut the connection at the deadline: a socket's own limit starts again at every byte."""
    handle = plain.dup()  # TLS takes the first handle over

    def shut() -> None:
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(deadline - monotonic(), 0), shut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _opened(plain: socket.socket, target: Target) -> HTTPConnection:
    if target.scheme == "http":
        connection = HTTPConnection(target.host, target.port)
        connection.sock = plain
    else:
        context = ssl.create_default_context()
        connection = HTTPSConnection(target.host, target.port, context=context)
        connection.sock = context.wrap_socket(plain, server_hostname=target.host)
    connection.auto_open = 0  # or it might resolve the name again
    return connection


def _exchange(
    connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    with closing(connection):
        connection.request("POST", path, body, dict(headers))
        with connection.getresponse() as response:
            return Answer(response.status, _read(response))


def _read(response: HTTPResponse) -> bytes | None:
    try:
        body = response.read(KEPT_BYTES + 1)
    except (OSError, HTTPException):
        return None
    return None if response.length or len(body) > KEPT_BYTES else body
