from pathlib import Path

import pytest

from training.config import PRESETS, ConfigError, load_config


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.yaml")))
def test_every_preset_is_valid_and_found_by_name(preset: str) -> None:
    config = load_config(Path(preset))
    assert (config.rank, config.alpha) == (16, 32)
    assert {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"} <= set(config.target_modules)
    assert config.load_in_4bit == (preset not in {"smollm2-135m", "qwen2.5-3b-strix"})


def test_overrides_are_yaml() -> None:
    config = load_config(Path("smollm2-135m"), {"epochs": "1", "max_minutes": "2.5", "learning_rate": "3.0e-4"})
    assert (config.epochs, config.max_minutes, config.learning_rate) == (1, 2.5, 3e-4)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Path("smollm2-135m"), {"epochs": "0", "rnk": "8", "dtype": "int8"})
    assert all(key in str(caught.value) for key in ("epochs", "rnk", "dtype"))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "Presets: qwen2.5-3b"), ("[1, 2", "is not YAML"), ("- 1", "holds no settings")],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, content: str | None, expected: str) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=expected):
        load_config(path)
