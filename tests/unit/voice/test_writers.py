"""The messages that the package's own adapters learn from."""

from collections import Counter
from pathlib import Path

from voice.writers import Wrong, read_messages

FILE = Path(__file__).parents[3] / "data" / "writers" / "many-writers.jsonl"


def test_a_writer_is_of_one_split() -> None:
    messages = {split: read_messages(FILE, split) for split in ("train", "fit", "test")}
    assert {split: len(some) for split, some in messages.items()} == {"train": 1716, "fit": 416, "test": 312}
    of = Counter(writer for some in messages.values() for writer in {message.writer for message in some})
    assert set(of.values()) == {1}
    assert len(read_messages(FILE, "fit", "test")) == 728


def test_a_message_has_two_faithful_versions_and_two_wrong_ones() -> None:
    message = read_messages(FILE, "fit")[0]
    assert message.own != message.also
    assert [type(wrong) for wrong in message.wrong] == [Wrong, Wrong]
