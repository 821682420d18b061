"""What clients of neighbouring services are known to send (tests/cases/field-cases.jsonl, area http)."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve

CASES = {
    case["id"]: case
    for line in (Path(__file__).parents[2] / "cases" / "field-cases.jsonl").read_text().splitlines()
    if (case := json.loads(line))["area"] == "http"
}
# Debatable ones: -1 is no limit (H05); a penalty is refused by name (H12); a compressed body is called that (H14); no
# origin is let in (H16).
STATUS = {
    "H03": 200, "H05": 200, "H06": 200, "H09": 200, "H11": 200, "H12": 400, "H14": 415, "H15a": 200, "H15b": 200,
    "H15c": 200, "H16": 405, "H17": 200, "H18": 404, "H20": 404, "H21": 200, "H24": 400, "H25": 400, "H26": 400,
    "H28": 404, "H34": 200, "H37": 200,
}  # fmt: skip


def request(case: dict[str, Any]) -> dict[str, Any]:
    """The case as arguments of a client; bodies that JSON cannot hold are Python expressions there."""
    given = dict(case["input"])
    if "content" in given:
        given["content"] = eval(given["content"], {"gzip": gzip, "json": json})
    return {"method": given.pop("method"), "url": given.pop("path"), **given}


@pytest.mark.parametrize("name", CASES)
async def test_a_client_gets_an_answer_or_an_error_that_it_can_read(
    name: str, make_voice: MakeVoice, serve: Serve, engine: FakeEngine
) -> None:
    make_voice("ana")
    async with serve() as client:
        answer = await client.request(**request(CASES[name]))
    assert answer.status_code == STATUS[name], answer.text
    if CASES[name]["input"]["method"] == "HEAD":
        assert not answer.content
    elif answer.status_code >= 400:
        error = answer.json()["error"]
        assert error["message"] and error["type"]
    if name == "H11":
        deltas = [json.loads(line[6:])["choices"] for line in answer.text.splitlines() if line.startswith("data: {")]
        texts = [choices[0]["delta"].get("content") for choices in deltas if choices and choices[0]["delta"]]
        assert "" not in texts[1:]
    if name == "H12":
        assert error["param"] in {"frequency_penalty", "presence_penalty"}
    if name == "H14":
        assert "gzip" in error["message"]
    if name == "H37":
        assert len(engine.asked) == 1
