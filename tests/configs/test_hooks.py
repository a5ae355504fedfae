import pytest
from pydantic import TypeAdapter, ValidationError

from configs import plugins
from configs.faults import describe
from configs.hooks import HookConfig, Hooks
from configs.section import Section


def hook(**settings: object) -> HookConfig:
    defaults = {"type": "command", "events": ["on_publish"], "options": {"command": ["./tell"]}}
    return HookConfig.model_validate(defaults | settings)


def refusal(**settings: object) -> str:
    with pytest.raises(ValidationError) as caught:
        hook(**settings)
    return " ".join(describe(details) for details in caught.value.errors())


def test_the_kinds_of_hooks_are_command_and_webhook():
    assert plugins.names("hook") == ["command", "webhook"]


def test_a_hook_must_name_an_event():
    assert "`events` must name at least one event" in refusal(events=[])


def test_an_event_is_named_once():
    assert "each once" in refusal(events=["on_drift", "on_drift"])


def test_an_unknown_event_lists_the_events():
    assert "'on_rollback'" in refusal(events=["on_publsh"])


def test_a_veto_needs_an_event_that_is_a_question():
    text = refusal(may_veto=True)
    assert "pre_publish, pre_train" in text
    assert "['on_publish']" in text


def test_a_hook_votes_on_questions_alone():
    both = hook(events=["pre_publish", "on_publish"], may_veto=True)
    assert both.votes_on("pre_publish")
    assert not both.votes_on("on_publish")
    assert not both.votes_on("pre_train")


def test_a_hook_without_the_right_has_no_vote():
    assert not hook(events=["pre_publish"]).votes_on("pre_publish")


def test_an_unknown_type_names_the_nearest():
    assert "Did you mean `webhook`?" in refusal(type="webhok", options={})


def test_a_command_in_one_text_is_refused():
    assert "no shell splits it" in refusal(options={"command": "./tell --fast"})


@pytest.mark.parametrize("command", [[], [""], ["a", "b\0"]])
def test_a_command_begins_with_a_program(command: list[str]):
    assert "must begin with a program" in refusal(options={"command": command})


def test_a_name_is_the_label():
    assert hook(name="ops").label == "ops"


def test_a_name_of_other_characters_is_refused():
    assert "received 'a b'" in refusal(name="a b")


def test_the_label_hides_the_options():
    assert "tell" not in hook().label


def test_the_label_is_of_type_and_options_alone():
    assert hook().label == hook(events=["on_drift"]).label
    assert hook().label != hook(options={"command": ["./other"]}).label


def test_an_option_at_its_default_does_not_change_the_label():
    spelt = {"command": ["./tell"], "timeout_seconds": 30}
    assert hook(options=spelt).label == hook().label


def test_hooks_that_are_alike_are_refused():
    class Holder(Section):
        hooks: Hooks = ()

    one = hook().model_dump()
    with pytest.raises(ValidationError, match="each hook must be there once"):
        Holder.model_validate({"hooks": [one, one | {"events": ["on_drift"]}]})
    named = Holder.model_validate({"hooks": [one, one | {"name": "second"}]})
    assert [h.label for h in named.hooks] == [hook().label, "second"]


def test_a_configuration_survives_being_written_and_read():
    hooks = TypeAdapter(Hooks)
    one = (hook(name="ops"),)
    assert hooks.validate_json(hooks.dump_json(one)) == one
