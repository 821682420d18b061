"""The command that judges rewrites, with the weights and the way back that come with the package."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nic_voice.main import main

DRAFT = "Hello Marta, I will bring the ladder back on Tuesday at 7:30 PM, unless it rains. Could you call 555-0136?"
FAITHFUL = "hi marta, bringing the ladder back tues 7:30pm unless it rains. can u call 555-0136?"
WRONG = {
    "a time": FAITHFUL.replace("7:30", "8:30"),
    "a number": FAITHFUL.replace("0136", "0137"),
    "somebody": FAITHFUL.replace("marta", "Kevin"),
    "a condition": FAITHFUL.replace("unless", "if"),
    "half of it": "hi marta, can u call 555-0136?",
    "something else": "hi marta, the ladder is gone, ive sold it. call 555-0136?",
}


def judge(*arguments: str, lines: list[str]) -> Result:
    return CliRunner().invoke(main, ["judge", *arguments], input="\n".join(lines), prog_name="nic-voice")


def line(rewrite: str, **more: object) -> str:
    return json.dumps({"draft": DRAFT, "rewrite": rewrite} | more)


def test_what_says_the_same_comes_before_what_does_not() -> None:
    result = judge(lines=[line(FAITHFUL, id="same"), "", *(line(text, id=what) for what, text in WRONG.items())])
    assert result.exit_code == 0, result.output
    same, *wrong = [json.loads(text) for text in result.output.splitlines()]
    assert (same["id"], same["refused"], same["hard"]) == ("same", False, [])
    assert same.keys() == {"id", "same", "refused", "order", "kinds", "hard"}
    assert [one["id"] for one in wrong] == list(WRONG)
    assert [one["hard"] for one in wrong] == [["time"], ["phone"], ["name"], [], ["time"], ["time"]]
    for one in wrong:
        assert one["order"] > same["order"], one
        assert one["same"] < same["same"], one
        assert one["refused"] or not one["hard"], one
    assert wrong[-1]["refused"]
    assert "condition" in wrong[3]["kinds"]


def test_the_tokens_of_the_draft_with_what_they_lost() -> None:
    result = judge("--tokens", lines=[line("can u call 555-0136?")])
    (found,) = [json.loads(text) for text in result.output.splitlines()]
    assert found["id"] == 1
    assert "".join(token for token, _ in found["tokens"]).startswith("Hello Marta, I will bring the ladder")
    lost = [token.strip() for token, gap in found["tokens"] if gap > 2]
    assert {"ladder", "rains"} & set(lost)
    assert "call" not in lost


@pytest.mark.parametrize(
    ("arguments", "lines", "expected"),
    [
        ((), [line(FAITHFUL), '{"draft": "Hi."}'], 'Line 2 of standard input is not like {"id": 1, "draft": "..."'),
        ((), ["[1]"], "Line 1 of standard input"),
        (("ghost",), [line(FAITHFUL)], "holds no voice.json"),
    ],
)
def test_a_mistake_is_one_message(tmp_path: Path, arguments: tuple[str, ...], lines: list[str], expected: str) -> None:
    result = judge("--voices", str(tmp_path), *arguments, lines=lines)
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert expected in result.output
    assert "555-0136" not in result.output.splitlines()[-1]
