"""How steps are run."""

from extraction.clean.steps import Rejected, drop_if, run, run_regardless
from extraction.reason import Reason

STEPS = (str.strip, drop_if(lambda text: Reason.REACTION if text.isupper() else None), str.lower)


def test_steps_run_in_order() -> None:
    assert run(STEPS, " Hello ") == "hello"


def test_the_first_reason_ends_the_run() -> None:
    assert run(STEPS, " HELLO ") == Rejected(Reason.REACTION)


def test_the_text_can_be_had_all_the_same() -> None:
    assert run_regardless(STEPS, " HELLO ") == "hello"
