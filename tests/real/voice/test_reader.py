"""The reader: the small base model, and how likely a text is after its rewrites."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.real.adapters import random_adapter
from tests.real.tiny import tiny_smollm2
from voice.adapter import CONFIG_NAME, AdapterError
from voice.base_model import SMOLLM2, resolve
from voice.judges.reader import Reader

TEXT = "The boat leaves at 7:30 on Tuesday, and Marta will bring the <id1>."
FAITHFUL, LOST = "boat leaves 7:30 tues, marta's bringing the <id1>", "boat leaves tues"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """With an adapter that changes nothing."""
    folder = tmp_path_factory.mktemp("reader") / "back"
    random_adapter(folder, resolve(SMOLLM2), seed=1)
    config = json.loads((folder / CONFIG_NAME).read_text())
    (folder / CONFIG_NAME).write_text(json.dumps(config | {"lora_alpha": 1e-9}))
    return Reader(folder)


def test_what_is_lost_is_less_likely(reader: Reader) -> None:
    itself, faithful, lost = reader.gaps(TEXT, [TEXT, FAITHFUL, LOST])
    assert "".join(token for token, _ in itself) == TEXT
    assert [gap for _, gap in itself] == pytest.approx([0] * len(itself), abs=1e-4)
    total, total_lost = (sum(max(0.0, gap) for _, gap in gaps) for gaps in (faithful, lost))
    assert 0 < total < total_lost
    worst = max(lost, key=lambda one: one[1])[0]
    assert worst.strip() in ("7", "3", "Mart", "Marta", "bring", "<", "id", "1", ":", "and"), worst


def test_together_and_alone_are_the_same(reader: Reader) -> None:
    pairs = [(FAITHFUL, TEXT), ("x", "y"), (LOST * 9, TEXT), ("", TEXT), (TEXT, "")]
    for pair, found in zip(pairs, reader.log_probs(pairs), strict=True):
        [alone] = reader.log_probs([pair])
        np.testing.assert_allclose(found, alone, atol=1e-3)


def test_texts_read_together_have_their_own_gaps(reader: Reader) -> None:
    asked = [("is it wet", ["is it", "is it wet"]), (TEXT, [LOST, FAITHFUL]), ("is it wet", ["wet"])]
    for _ in range(2):  # the second time it is known how likely the texts are after themselves
        for (text, rewrites), found in zip(asked, reader.gaps_of(asked), strict=True):
            for alone, together in zip(reader.gaps(text, rewrites), found, strict=True):
                assert [token for token, _ in together] == [token for token, _ in alone]
                assert [gap for _, gap in together] == pytest.approx([gap for _, gap in alone], abs=1e-3)


def test_long_texts_are_read_as_far_as_they_fit(reader: Reader) -> None:
    long = "The boat leaves again. " * 400
    [gaps] = reader.gaps(long, ["boat leaves again"])
    assert 100 < len(gaps) <= 512


def test_an_adapter_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    random_adapter(tmp_path / "back", tiny_smollm2(tmp_path / "tiny"), seed=1)
    with pytest.raises(AdapterError, match="does not fit"):
        Reader(tmp_path / "back")


def test_what_is_written_together_is_what_is_written_alone(reader: Reader) -> None:
    texts = ["boat leaves 7:30 tues", "hi", LOST * 3]
    together = reader.write(texts)
    assert together == [reader.write([text])[0] for text in texts]
    assert all(together)
    assert all(len(text.split()) < 200 for text in together)  # an end is put to whoever finds none


def test_a_seed_draws_the_same_again(reader: Reader) -> None:
    drawn = [reader.write([FAITHFUL], temperature=1.0, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert len({text for [text] in drawn}) > 1
