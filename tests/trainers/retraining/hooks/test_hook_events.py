import json

import numpy as np
import pytest

from configs.errors import ArtifactError
from trainers.retraining.hooks.events import from_json, make_event, to_json


def test_the_json_form():
    event = make_event("on_publish", "run-1", "demo", 1.25, {"version": 3})
    assert json.loads(to_json(event)) == {
        "version": 1,
        "id": event.id,
        "kind": "on_publish",
        "run_id": "run-1",
        "model": "demo",
        "time": "1970-01-01T00:00:01.250000Z",
        "payload": {"version": 3},
    }


def test_reading_and_writing_keeps_every_byte():
    text = to_json(
        make_event("on_drift", "run-1", "modèle", 0.0, {"b": [1, {"c": None}], "a": "é"})
    )
    assert to_json(from_json(text)) == text


def test_the_id_is_of_the_content():
    ids = {
        make_event("on_drift", "run-1", "demo", 0.0, {}).id,
        make_event("on_error", "run-1", "demo", 0.0, {}).id,
        make_event("on_drift", "run-2", "demo", 0.0, {}).id,
        make_event("on_drift", "run-1", "other", 0.0, {}).id,
        make_event("on_drift", "run-1", "demo", 0.0, {"a": 1}).id,
    }
    assert len(ids) == 5


def test_what_is_told_later_is_the_same_event():
    ids = {make_event("on_drift", "run-1", "demo", now, {"a": 1}).id for now in (0.0, 1.0)}
    assert len(ids) == 1


def test_what_is_asked_later_is_another_question():
    ids = {make_event("pre_train", "run-1", "demo", now, {"a": 1}).id for now in (0.0, 1.0)}
    assert len(ids) == 2


def test_numbers_that_are_not_finite_are_null():
    payload = {"nan": float("nan"), "infinite": np.float32("inf")}
    assert make_event("on_reject", "r", "m", 0.0, payload).payload == dict.fromkeys(payload)


def test_numbers_of_numpy_are_numbers():
    event = make_event("on_reject", "r", "m", 0.0, {"a": np.float32(0.5), "b": np.int64(3)})
    assert '"payload":{"a":0.5,"b":3}' in to_json(event)


def test_what_json_has_no_words_for_is_text():
    assert make_event("on_reject", "r", "m", 0.0, {"error": OSError("full")}).payload == {
        "error": "full"
    }


def test_another_version_is_refused():
    text = to_json(make_event("on_reject", "r", "m", 0.0, {}))
    with pytest.raises(ArtifactError, match="`version` of an event must be 1, received 2"):
        from_json(text.replace('"version":1', '"version":2'))


def test_a_key_that_a_later_release_added_is_passed_over():
    event = make_event("on_reject", "r", "m", 0.0, {})
    assert from_json(to_json(event).replace('{"version":1', '{"version":1,"more":2')) == event
