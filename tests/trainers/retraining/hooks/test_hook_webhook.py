import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError
from support.hooks import event
from support.receivers import Reply, Request, receiver

from configs.faults import describe
from trainers.retraining.hooks.events import to_json
from trainers.retraining.hooks.outcomes import HookFailed, PermanentFailure, Veto
from trainers.retraining.hooks.types.webhook import Options, call, sign

QUESTION = event("pre_publish")


def post(*replies: Reply, told=None, **settings: object) -> list[Request]:
    with receiver(replies or [Reply()]) as there:
        call(Options(url=there.url, allow_private=True, **settings), told or event())
    return there.requests


def refusal(**settings: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Options(**settings)
    return " ".join(describe(details) for details in caught.value.errors())


@contextmanager
def trickle(head: bytes, block: bytes) -> Iterator[str]:
    """A server that sends a head, and then a block every hundredth of a second, for ever."""
    end = Signal()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                try:
                    peer.sendall(head)
                    while not end.wait(0.01):
                        peer.sendall(block)
                except OSError:
                    return

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        end.set()
        thread.join()


def test_the_body_is_the_events_json():
    (request,) = post()
    assert request.body.decode() == to_json(event())
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Tfrs-Event-Id"] == event().id
    assert request.path == "/hook"


def test_without_a_secret_nothing_is_signed():
    (request,) = post()
    assert "X-Tfrs-Signature" not in request.headers


def test_the_signature_is_that_of_rfc_2104(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOOK_SECRET", "my secret")
    (request,) = post(secret_env="HOOK_SECRET")
    # H((K ^ opad) || H((K ^ ipad) || text)), K padded with zeros to 64 bytes.
    key = b"my secret".ljust(64, b"\0")
    text = request.headers["X-Tfrs-Timestamp"].encode() + b"." + request.body
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()
    assert request.headers["X-Tfrs-Signature"] == outer


def test_the_receivers_code_of_the_documentation_takes_what_is_signed():
    page = (Path(__file__).parents[4] / "docs" / "hooks.md").read_text()
    code = next(part for part in page.split("```python\n")[1:] if "hmac" in part).split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/hooks.md", "exec"), names)
    now, body = str(int(time.time())), b"{}"
    headers = {"X-Tfrs-Timestamp": now, "X-Tfrs-Signature": sign("k", now, body)}
    stale = {"X-Tfrs-Timestamp": "1", "X-Tfrs-Signature": sign("k", "1", body)}
    assert names["is_genuine"]("k", headers, body)
    assert not names["is_genuine"]("k", headers, b"{ }")
    assert not names["is_genuine"]("j", headers, body)
    assert not names["is_genuine"]("k", stale, body)


def test_the_signature_is_of_time_and_body():
    signatures = {
        sign("k", "1", b"a"),
        sign("k", "2", b"a"),
        sign("k", "1", b"b"),
        sign("j", "1", b"a"),
    }
    assert len(signatures) == 4


def test_a_secret_that_is_not_set_sends_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    with receiver([Reply()]) as there:
        options = Options(url=there.url, allow_private=True, secret_env="HOOK_SECRET")
        with pytest.raises(HookFailed, match="`HOOK_SECRET` must be set"):
            call(options, event())
    assert there.requests == []


def test_the_url_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    with receiver([Reply()]) as there:
        monkeypatch.setenv("HOOK_URL", there.url + "?a=1")
        call(Options(url_env="HOOK_URL", allow_private=True), event())
    assert there.requests[0].path == "/hook?a=1"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_delivered(status: int):
    assert len(post(Reply(status))) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_4xx_is_final(status: int):
    with pytest.raises(PermanentFailure, match=f"it answered {status}"):
        post(Reply(status))


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_receiver_is_tried_again(status: int):
    with pytest.raises(HookFailed, match=f"it answered {status}") as caught:
        post(Reply(status))
    assert not isinstance(caught.value, PermanentFailure)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int):
    elsewhere = Reply(status, headers={"Location": "/other"})
    refused = pytest.raises(PermanentFailure, match="no redirect is followed")
    with receiver([elsewhere, Reply()]) as there, refused:
        call(Options(url=there.url, allow_private=True), event())
    assert [request.path for request in there.requests] == ["/hook"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert len(post()) == 1


def test_nobody_there_is_a_failure_that_may_pass():
    with receiver([Reply()]) as there:
        pass
    with pytest.raises(HookFailed, match="ConnectionRefusedError"):
        call(Options(url=there.url, allow_private=True), event())


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"[:1]),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["silent", "in the headers", "in the body", "in chunks"],
)
def test_a_server_that_never_ends_is_left(head: bytes, block: bytes):
    with trickle(head, block) as url:
        options = Options(url=url, allow_private=True, timeout_seconds=0.2)
        with pytest.raises(HookFailed, match=r"did not answer within 0\.2 seconds"):
            call(options, event())


def test_an_answer_without_end_is_not_read():
    with trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000) as url:
        call(Options(url=url, allow_private=True), event())


def test_a_vote_is_the_text_at_veto():
    with pytest.raises(Veto) as caught:
        post(Reply(body=b'{"veto": "frozen until Monday"}'), told=QUESTION)
    assert caught.value.reason == "frozen until Monday"


def test_a_vote_may_be_without_a_reason():
    with pytest.raises(Veto, match="without a reason"):
        post(Reply(body=b'{"veto": true}'), told=QUESTION)


@pytest.mark.parametrize("body", [b"", b"OK", b"{}", b"[]", b'{"veto": null}', b'{"veto": false}'])
def test_other_answers_do_not_object(body: bytes):
    assert len(post(Reply(body=body), told=QUESTION)) == 1


def test_who_is_only_told_does_not_vote():
    assert len(post(Reply(body=b'{"veto": "no"}'))) == 1


@pytest.mark.parametrize(
    "reply",
    [Reply(body=b"{", headers={"Content-Length": "9"}), Reply(body=b" " * 65_537)],
    ids=["broken off", "too long"],
)
def test_a_vote_that_cannot_be_read_is_a_failure(reply: Reply):
    with pytest.raises(HookFailed, match="broke off or is too long"):
        post(reply, told=QUESTION)


def test_tls_is_verified_and_then_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    pair = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    settings = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    address = ("-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-out", str(pair[0]), "-keyout", str(pair[1]))
    command = ["openssl", "req", "-x509", *settings.split(), *address, *files]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    with receiver([Reply()], tls=context) as there:
        options = Options(url=there.url, allow_private=True)
        with pytest.raises(HookFailed, match="CERTIFICATE_VERIFY_FAILED"):
            call(options, event())
        monkeypatch.setenv("SSL_CERT_FILE", str(pair[0]))
        call(options, event())
    assert json.loads(there.requests[0].body)["kind"] == "on_publish"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ops/",
        "ops.example",
        "https://",
        "https://ops:70000/",
        "https://ops:hunter2/",
        "https://[hunter2/",
        "hunter2:x",
        "https://me:hunter2@ops/",
        "https://ops/hunter2 x",
        "https://ops/hunter2\n",
        "https://öps/hunter2",
    ],
)
def test_a_wrong_url_is_refused_and_not_shown(url: str):
    assert "hunter2" not in refusal(url=url)


def test_one_url_is_needed():
    assert "either `url` or `url_env`" in refusal()
    assert "either `url` or `url_env`" in refusal(url="https://ops/", url_env="HOOK_URL")


def test_a_secret_in_the_place_of_a_variables_name_is_not_shown():
    text = refusal(url="https://ops/", secret_env="hunter2!")
    assert "name of an environment variable" in text
    assert "hunter2" not in text


def test_a_secret_in_the_configuration_is_refused_and_not_shown():
    text = refusal(url="https://ops/", secret="hunter2")
    assert "no key `secret`" in text
    assert "Did you mean `secret_env`?" in text
    assert "hunter2" not in text
