import pytest

from trainers.retraining.hooks.redaction import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://me:pw@ops/hook now", "see https://***@ops/hook now"),
        ("https://me:p@w@ops/", "https://***@ops/"),
        ("https://ops/hook?token=1&b=2 failed", "https://ops/hook?*** failed"),
        ("redis://:pw@cache/0", "redis://***@cache/0"),
        ("no URL, me@ops?", "no URL, me@ops?"),
    ],
)
def test_user_info_and_queries_are_hidden(text: str, shown: str):
    assert redact(text) == shown


def test_values_of_variables_called_secret_are_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_API_TOKEN", "0123456789")
    assert redact("sent 0123456789!") == "sent ***!"


def test_values_of_named_variables_are_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLAIN", "abc")
    assert redact("sent abc!", ["PLAIN", "MISSING"]) == "sent ***!"


def test_a_text_becomes_one_short_line():
    assert redact("a\nb\x1b[0m") == "a b?[0m"
    assert len(redact("x" * 10_000)) == 500
