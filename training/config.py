"""One frozen model of one YAML file: everything a training run can be told.

In: a YAML file such as training/configs/smollm2-135m.yaml and `key=value` overrides. Out: TrainingConfig, or one
ConfigError that lists all that is wrong.
"""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice.errors import UserError, explain_os_error

PRESETS = Path(__file__).parent / "configs"


class ConfigError(UserError):
    """A configuration that is not one; names every wrong key."""

    exit_code = 2


class TrainingConfig(BaseModel):
    """The settings of a run; the YAML files say what each one does."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_model: str = Field(min_length=1)
    fresh_adapter: bool
    members: int = Field(ge=1, le=8)
    replay_share: float = Field(ge=0, lt=1)
    rules_replay_share: float = Field(ge=0, lt=1)
    load_in_4bit: bool
    dtype: Literal["float32", "bfloat16"]
    rank: int = Field(ge=1, le=512)
    alpha: int = Field(ge=1)
    target_modules: list[str] = Field(min_length=1)
    held_out_share: float = Field(ge=0, lt=1)
    held_out_most: int = Field(ge=0)
    validation_most: int = Field(ge=0)
    validate_every: float = Field(gt=0, le=1)
    keep: Literal["best", "last"]
    patience: int | None = Field(ge=1)
    near_copy_share: float = Field(ge=0, le=1)
    changed_weight: float = Field(ge=1, le=100)
    rules_copy_weight: float = Field(gt=0, le=1)
    max_length_tokens: int = Field(ge=16)
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    warmup_share: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    max_gradient_norm: float = Field(gt=0)
    batch_tokens: int = Field(ge=16)
    packing: Literal["auto"] | bool
    accumulate: int = Field(ge=1)
    gradient_checkpointing: bool
    checkpoint_minutes: float = Field(ge=0)
    seed: int
    max_minutes: float | None = Field(gt=0)
    max_steps: int | None = Field(ge=1)


def load_config(path: Path, overrides: dict[str, str] | None = None) -> TrainingConfig:
    """The settings of a YAML file, or of a preset given by its bare name, with overrides whose values are YAML too."""
    preset = PRESETS / f"{path.name.removesuffix('.yaml')}.yaml"
    if not path.exists() and preset.exists():
        path = preset
    try:
        settings = yaml.safe_load(path.read_text())
    except OSError as error:
        known = ", ".join(sorted(preset.stem for preset in PRESETS.glob("*.yaml")))
        raise ConfigError(f"{explain_os_error(error, 'Reading the configuration')} Presets: {known}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} holds no settings; it wants lines such as `rank: 16`.")
    for key, value in (overrides or {}).items():
        try:
            settings[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"The value of {key} is not YAML: {value!r}.") from error
    try:
        return TrainingConfig.model_validate(settings)
    except ValidationError as error:
        problems = "\n".join(f"  {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"{path}: these settings are wrong:\n{problems}") from error
