from pathlib import Path

import pytest

from service.errors import RequestError
from service.target import Bare, Names, Rewrite, choose
from service.voices import Voices, load_voices
from tests.unit.service.conftest import MakeVoice
from voice.base_model import BaseModel


@pytest.fixture
def voices(make_voice: MakeVoice, root: Path, base: BaseModel) -> Voices:
    make_voice("ana")
    make_voice("bob")
    make_voice("old", prompt_version=99)
    return load_voices(root, base)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (Names(voice="ana"), "ana"),
        (Names(voice="ana-voice"), "ana"),
        (Names(model="bob"), "bob"),
        (Names(model="bob-voice"), "bob"),
        (Names(header="bob"), "bob"),
        (Names(query="bob"), "bob"),
        (Names(voice="ana", model="ana-voice", header="ana", query="ana"), "ana"),
        (Names(voice="ana", model="base"), "ana"),
        (Names(voice="", model="", header="ana"), "ana"),
        (Names(model="base", header="ana"), "ana"),
        (Names(voice="ana", hop=True), "ana"),
        (Names(voice="ana", model="nic-voice"), "ana"),
        (Names(model="nic-voice", header="bob"), "bob"),
    ],
)
def test_who_answers(names: Names, expected: str, voices: Voices) -> None:
    target = choose(names, voices, "base")
    assert isinstance(target, Rewrite)
    assert (target.voice.name, target.register) == (expected, "chat")


def test_this_service_as_a_model_means_the_default_voice(voices: Voices) -> None:
    for names in (Names(), Names(model="nic-voice")):
        target = choose(names, voices, "base", default="bob-voice")
        assert isinstance(target, Rewrite)
        assert target.voice.name == "bob"
        with pytest.raises(RequestError, match="NIC_VOICE_DEFAULT"):
            choose(names, voices, "base")


def test_a_voice_called_nic_is_what_nic_voice_means(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    make_voice("nic")
    target = choose(Names(model="nic-voice"), load_voices(root, base), "base", default="ana")
    assert isinstance(target, Rewrite)
    assert target.voice.name == "nic"


def test_the_base_answers_by_its_own_name(voices: Voices) -> None:
    assert choose(Names(model="base"), voices, "base") == Bare("base")


def test_the_register_is_the_one_that_is_named(voices: Voices) -> None:
    target = choose(Names(voice="ana", register="email"), voices, "base")
    assert isinstance(target, Rewrite)
    assert target.register == "email"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (Names(voice="ana", model="bob"), (400, "two_voices")),
        (Names(voice="ana", header="bob"), (400, "two_voices")),
        (Names(header="ana", query="bob"), (400, "two_voices")),
        (Names(model="ana", query="bob"), (400, "two_voices")),
        (Names(voice="ana", query="eva"), (400, "two_voices")),
        (Names(), (400, "invalid_value")),
        (Names(voice="ana", register="post"), (400, "invalid_value")),
        (Names(voice="eva"), (404, "voice_not_found")),
        (Names(voice="eva", model="gpt-9"), (404, "voice_not_found")),
        (Names(model="gpt-9"), (404, "model_not_found")),
        (Names(model="gpt-9", hop=True), (404, "model_not_found")),
        (Names(voice="old"), (409, "voice_refused")),
        (Names(model="old-voice"), (409, "voice_refused")),
        (Names(voice="ana", model="gpt-9"), (400, "no_upstream")),
        (Names(header="ana", model="gpt-9"), (400, "no_upstream")),
        (Names(voice="ana", model="gpt-9", hop=True), (508, "call_loop")),
    ],
)
def test_who_cannot_answer(names: Names, expected: tuple[int, str], voices: Voices) -> None:
    with pytest.raises(RequestError) as caught:
        choose(names, voices, "base")
    assert (caught.value.status, caught.value.code) == expected


def test_the_only_voice_needs_no_name(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    target = choose(Names(), load_voices(root, base), "base")
    assert (target.model, target.label) == ("ana", "ana")


def test_a_refused_second_voice_still_asks_for_a_name(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    make_voice("old", prompt_version=99)
    with pytest.raises(RequestError, match="ana, old"):
        choose(Names(), load_voices(root, base), "base")
