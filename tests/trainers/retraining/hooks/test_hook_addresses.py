import socket
from collections.abc import Iterator
from threading import Event

import pytest
from support.hooks import event

from trainers.retraining.hooks import addresses
from trainers.retraining.hooks.outcomes import HookFailed, PermanentFailure
from trainers.retraining.hooks.types import webhook

PUBLIC = "93.184.215.14"


class NameServer:
    """Gives one list of addresses after the other, and the last for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = answers, 0

    def __call__(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        stream = socket.SOCK_STREAM
        return [(socket.AF_INET, stream, 6, "", (address, port)) for address in answer]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int]]]:
    """Where connections were tried; all are refused."""
    tried: list[tuple[str, int]] = []

    class Socket(socket.socket):
        def connect(self, address: tuple[str, int]) -> None:
            tried.append(address)
            raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "socket", Socket)
    yield tried


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",  # shared by carriers; 100.100.100.200 tells metadata
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
        "64:ff9b:1::1",
        "2001:db8::1",
        "2001:0:1::1",
    ],
)
def test_an_address_that_is_not_public(address: str):
    assert not addresses.is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "2606:2800:21f::1", f"::ffff:{PUBLIC}", "64:ff9b::5db8:d70e"]
)
def test_an_address_that_is_public(address: str):
    assert addresses.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
def test_the_loopback_is_refused_however_it_is_written(host: str):
    with pytest.raises(PermanentFailure, match="not a public address"):
        webhook.call(webhook.Options(url=f"http://{host}:1/"), event())


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, connected: list[tuple[str, int]]
):
    monkeypatch.setattr(socket, "getaddrinfo", NameServer([PUBLIC, "10.0.0.1"]))
    with pytest.raises(PermanentFailure, match=r"10\.0\.0\.1, which is not a public address"):
        webhook.call(webhook.Options(url="http://ops.example/"), event())
    assert connected == []


def test_a_name_server_that_answers_otherwise_later_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, connected: list[tuple[str, int]]
):
    rebinding = NameServer([PUBLIC], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(HookFailed, match="refused"):
        webhook.call(webhook.Options(url="http://ops.example:8080/"), event())
    assert connected == [(PUBLIC, 8080)]
    assert rebinding.asked == 1


def test_the_second_attempt_checks_the_address_again(
    monkeypatch: pytest.MonkeyPatch, connected: list[tuple[str, int]]
):
    monkeypatch.setattr(socket, "getaddrinfo", NameServer([PUBLIC], ["127.0.0.1"]))
    options = webhook.Options(url="http://ops.example/")
    with pytest.raises(HookFailed):
        webhook.call(options, event())
    with pytest.raises(PermanentFailure):
        webhook.call(options, event())
    assert connected == [(PUBLIC, 80)]


def test_all_addresses_of_a_host_are_tried(
    monkeypatch: pytest.MonkeyPatch, connected: list[tuple[str, int]]
):
    monkeypatch.setattr(socket, "getaddrinfo", NameServer([PUBLIC, "93.184.215.15"]))
    with pytest.raises(HookFailed):
        webhook.call(webhook.Options(url="https://ops.example/"), event())
    assert connected == [(PUBLIC, 443), ("93.184.215.15", 443)]


def test_a_name_server_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch):
    end = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: end.wait() and [])
    with pytest.raises(HookFailed, match=r"not resolved within 0\.05 seconds"):
        addresses.resolve("ops.example", 80, 0.05, False)
    end.set()


def test_a_name_without_an_address_may_have_one_later(monkeypatch: pytest.MonkeyPatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(HookFailed, match="cannot be resolved") as caught:
        addresses.resolve("ops.example", 80, 1.0, False)
    assert not isinstance(caught.value, PermanentFailure)
