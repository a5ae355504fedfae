"""An HTTP POST of the event, signed so that the receiver knows whose it is.

The signature is HMAC-SHA256 (RFC 2104) over the timestamp, a dot and the body.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from time import time
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from configs import faults
from configs.hooks import CAN_VETO
from configs.section import Section
from trainers.retraining.hooks.events import Event, to_json
from trainers.retraining.hooks.http_post import Answer, Target, parse_url, post
from trainers.retraining.hooks.outcomes import HookFailed, PermanentFailure, Veto

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TRIED_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Options(Section):
    """Where to, and signed with what. Secrets stay in the environment."""

    url: str | None = None
    """Such as `https://ops.example/hook`. It is stored with every run: no secret may be in it."""
    url_env: str | None = None
    """The environment variable that holds the URL, for one that is itself a secret."""
    secret_env: str | None = None
    """The environment variable that holds the secret of the signature; none signs nothing."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """For all of it, from the name's resolution to the answer's last byte."""
    allow_private: bool = False
    """Also call private, loopback, link-local, multicast and cloud metadata addresses."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, raw: object) -> object:
        unknown = set(raw) - set(cls.model_fields) if isinstance(raw, Mapping) else set()
        if unknown:  # the section's own refusal would show the value
            key = min(unknown)
            raise ValueError(
                f"there is no key `{key}`; what was received is not shown, for it may be a secret. "
                f"{faults.advice(key, cls.model_fields)}"
            )
        return raw

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is not None:
            parse_url(url)
        return url

    @field_validator("url_env", "secret_env")
    @classmethod
    def _check_variable(cls, name: str | None) -> str | None:
        if name is not None and not _VARIABLE.fullmatch(name):
            raise ValueError(
                "this must be the name of an environment variable, of letters, digits and `_`; "
                "what was received is not shown, for it may be the secret itself: put that into a "
                "variable, and the variable's name here"
            )
        return name

    @model_validator(mode="after")
    def _check_one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("a webhook needs either `url` or `url_env`: give one of them")
        return self


def call(options: Options, event: Event) -> None:
    """Post the event's JSON.

    Raises:
        Veto: the event is a question, and the answer's body is `{"veto": "the reason"}`.
        PermanentFailure: the address is not public, or the answer is a redirect or a refusal.
        HookFailed: there was no answer in time, or another status than 2xx.
    """
    body = to_json(event).encode()
    headers = _headers(event, body, str(int(time())), _secret(options))
    target = _target(options)
    answer = post(target, body, headers, options.timeout_seconds, options.allow_private)
    _check_status(answer.status)
    if event.kind in CAN_VETO:
        _check_vote(answer)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature, in hexadecimal digits, of what was sent at `timestamp`."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _headers(event: Event, body: bytes, timestamp: str, secret: str | None) -> dict[str, str]:
    signature = {} if secret is None else {"X-Tfrs-Signature": sign(secret, timestamp, body)}
    return {
        "Content-Type": "application/json",
        "Connection": "close",
        "User-Agent": "tfrs",
        "X-Tfrs-Event-Id": event.id,
        "X-Tfrs-Timestamp": timestamp,
        **signature,
    }


def _target(options: Options) -> Target:
    url = options.url if options.url_env is None else _variable(options.url_env)
    return parse_url(url or "")


def _secret(options: Options) -> str | None:
    return None if options.secret_env is None else _variable(options.secret_env)


def _variable(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise HookFailed(f"the environment variable `{name}` must be set; it is missing or empty")
    return value


def _check_status(status: int) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise PermanentFailure(f"it answered {status}, and no redirect is followed: correct `url`")
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and status not in _TRIED_AGAIN:
        raise PermanentFailure(f"it answered {status}")
    raise HookFailed(f"it answered {status}")


def _check_vote(answer: Answer) -> None:
    if answer.body is None:
        raise HookFailed("its answer broke off or is too long")
    try:
        values = json.loads(answer.body)
    except ValueError:
        return  # such as `OK`
    veto = values.get("veto") if isinstance(values, dict) else None
    if veto:
        raise Veto(veto if isinstance(veto, str) else "without a reason")
