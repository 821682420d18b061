"""The messages that the package's own adapters learn from."""

from collections import Counter

from voice import writers
from voice.prompt import BACK_SYSTEM, system_text
from voice.writers import Message, Wrong, read_messages


def test_a_writer_is_of_one_split() -> None:
    messages = {split: read_messages(split) for split in ("train", "fit", "test")}
    assert {split: len(some) for split, some in messages.items()} == {"train": 2244, "fit": 598, "test": 390}
    of = Counter(writer for some in messages.values() for writer in {message.writer for message in some})
    assert set(of.values()) == {1}
    assert len(read_messages("fit", "test")) == 988


def test_a_message_has_two_faithful_versions_and_two_wrong_ones() -> None:
    message = read_messages("fit")[0]
    assert message.own != message.also
    assert [type(wrong) for wrong in message.wrong] == [Wrong, Wrong]


def test_messages_are_learned_there_and_back() -> None:
    one = Message("w1-1", "w1", "chat", "train", "Please call me on 555-867-5309.", "ring 555-867-5309 pls", "call me?")
    two = Message("w1-2", "w1", "email", "train", "It works. It is fast.", "works and its fast", "Quick, it runs.")
    there = list(writers.there([one, two]))
    assert [(triplet.id, triplet.unit, triplet.system) for triplet in there] == [
        ("writers:w1-1:0", "sentence", system_text("chat", "sentence")),
        ("writers:w1-1:1", "message", system_text("chat", "message")),
        ("writers:w1-2:0", "message", system_text("email", "message")),
        ("writers:w1-2:1", "message", system_text("email", "message")),
    ]
    assert (there[0].neutral, there[0].own) == ("Please call me on <phone1>.", "ring <phone1> pls")
    back = list(writers.back([one, two]))
    assert [(triplet.neutral, triplet.own) for triplet in back] == [(triplet.own, triplet.neutral) for triplet in there]
    assert {triplet.system for triplet in back} == {BACK_SYSTEM}
