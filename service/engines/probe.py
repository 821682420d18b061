"""Does an adapter do anything? One that fits no module of the base model is taken without a word, and changes nothing.

In: log probabilities of the first token of one answer, without the adapter and with it. Out: whether they are the same.
"""

from collections.abc import Mapping

from voice.prompt import Prompt, system_text

PROBE = Prompt(system_text("chat", "sentence"), "I would like to let you know that I shall be ten minutes late.")
PROBED = 20  # tokens
_ROUNDING = 1e-5  # an adapter of six steps changes a hundred times as much


def changes_nothing(without: Mapping[int, float], worn: Mapping[int, float]) -> bool:
    """Whether the likeliest tokens and their log probabilities are the same; of none nobody knows."""
    same = bool(without) and without.keys() == worn.keys()
    return same and all(abs(worn[token] - value) < _ROUNDING for token, value in without.items())


def changes_nothing_message(name: str, model: str) -> str:
    """What is wrong with such an adapter."""
    return f"Adapter '{name}' changes nothing on {model}: none of its matrices is one of the model's. Train it again."
