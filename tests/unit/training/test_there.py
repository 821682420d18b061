"""Which adapter a run begins from."""

from pathlib import Path

import pytest

from training import there
from training.config import TrainingConfig, load_config
from voice import writers
from voice.base_model import SMOLLM2, BaseModel

SMALL = BaseModel(SMOLLM2, Path("small"), "0" * 64)
QWEN = BaseModel("Qwen/Qwen2.5-3B-Instruct", Path("qwen"), "1" * 64)


def config(**overrides: str) -> TrainingConfig:
    return load_config(Path("smollm2-135m"), overrides)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path))
    return tmp_path


def test_the_small_base_model_begins_from_what_comes_with_the_package() -> None:
    assert there.place(SMALL, config()) == there.PACKAGE
    assert there.is_made(there.PACKAGE)


@pytest.mark.parametrize(
    ("base", "settings"),
    [(QWEN, {}), (SMALL, {"rank": "8"}), (SMALL, {"alpha": "8"}), (SMALL, {"target_modules": "[q_proj]"})],
)
def test_another_one_begins_from_one_that_is_learned_first(
    cache: Path, base: BaseModel, settings: dict[str, str]
) -> None:
    place = there.place(base, config(**settings))
    assert place.is_relative_to(cache)
    assert place == there.place(base, config(**settings, seed="7", epochs="9"))
    assert place != there.place(base, config(**settings | {"rank": "32"}))
    assert not there.is_made(place)


def test_it_is_learned_once_through_by_the_settings_of_the_run() -> None:
    made = there.settings(config(epochs="7", max_steps="2", members="3", replay_share="0.5", learning_rate="0.5"))
    assert (made.epochs, made.max_steps, made.members, made.replay_share, made.fresh_adapter) == (1, None, 1, 0, True)
    assert made.learning_rate == 0.5


def test_what_is_replayed_are_texts_that_it_learned_from() -> None:
    some = there.replayed(40, seed=1)
    assert len({triplet.id for triplet in some}) == 40
    assert some == there.replayed(40, seed=1) != there.replayed(40, seed=2)
    assert {triplet.own for triplet in some} <= set(there.read())
    assert len(there.replayed(10**6, seed=1)) == 2 * len(there.messages())
    assert {message.split for message in there.messages()} == {"train"}
    assert len(there.messages()) < len(writers.read_messages("train"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"rules_replay_share": "0.5"}, 30),
        ({"rules_replay_share": "0.5", "fresh_adapter": "true"}, 0),
        ({"rules_replay_share": "0"}, 0),
        ({"replay_share": "0.5", "rules_replay_share": "0.5"}, 120),
        ({"replay_share": "0.2", "rules_replay_share": "0", "fresh_adapter": "true"}, 30),
    ],
)
def test_what_rules_made_brings_texts_of_many_writers_along(settings: dict[str, str], expected: int) -> None:
    assert there.wanted(config(**settings), examples=120, by_rules=30) == expected
