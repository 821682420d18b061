"""A big model that answers well, badly, late or never."""

import asyncio
import gc
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from extraction.neutral.budget import Budget, Price, parse_budget
from extraction.neutral.client import ChatClient
from extraction.neutral.endpoint import Endpoint, EndpointError
from extraction.neutral.model import BigModel
from extraction.pieces import Piece
from tests.clock import eventually, hurry
from tests.unit.extraction.neutral.endpoint_server import Behaviour, Numbered, Server, in_order, politely, serving
from voice.triplet import Register

CANARY = "canary-4711"
TIMEOUT_S = 30.0


def piece(own: str, register: Register = "chat") -> Piece:
    return Piece(f"s:{own}:0", "s", register, "sentence", None, None, own)


def pieces(count: int) -> list[Piece]:
    return [piece(f"see u at gate {n}") for n in range(count)]


def drafts(model: BigModel, some: list[Piece]) -> list[str]:
    return [draft.text for one in some if not isinstance(found := model.look_up(one), str) for draft in found]


def reasons(model: BigModel, some: list[Piece]) -> list[str]:
    return [found for one in some if isinstance(found := model.look_up(one), str)]


def big_model(server: Server, folder: Path, paused_s: list[float] | None = None, **how: Any) -> BigModel:
    """A model that does not pause between two attempts; how long it would have stands in `paused_s`."""

    async def pause(seconds: float) -> None:
        if paused_s is not None:
            paused_s.append(seconds)

    def client(endpoint: Endpoint) -> ChatClient:
        return ChatClient(endpoint, timeout=httpx.Timeout(TIMEOUT_S), whole_s=3 * TIMEOUT_S, sleep=pause)

    endpoint = Endpoint(f"{server.url}/chat/completions", "big", near=True, key="secret-key")
    return BigModel(endpoint, folder / "answers.sqlite", client=client, **how)


def backwards(items: Numbered) -> str:
    return in_order(items[::-1])


def fenced(items: Numbered) -> str:
    return f"```json\n{in_order(items)}\n```"


def chatty(items: Numbered) -> str:
    return f"Sure! Here is [the list] you asked for:\n\n{in_order(items)}\n\nLet me know if you need more."


def thinking(items: Numbered) -> str:
    return f'<think>perhaps [{{"n": 1, "draft": "no"}}]</think>{in_order(items)}'


@pytest.mark.parametrize("answer", [in_order, backwards, fenced, chatty, thinking])
async def test_every_text_gets_its_own_answer(answer: Callable[[Numbered], str], tmp_path: Path) -> None:
    with serving(Behaviour(answer=answer)) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(40))
        assert drafts(model, pieces(40)) == [politely(one.own) for one in pieces(40)]
        assert len(server.requests) == 3  # 16 + 16 + 8
        assert set(server.keys) == {"Bearer secret-key"}
        model.close()


def one_bad(bad: Callable[[str], str]) -> Callable[[Numbered], str]:
    """Well for all but the sentence of gate 3."""

    def answer(items: Numbered) -> str:
        texts = {item["n"]: politely(item["typed"]) for item in items}
        texts |= {item["n"]: bad(item["typed"]) for item in items if item["typed"].endswith("gate 3")}
        return json.dumps([{"n": n, "draft": text} for n, text in texts.items()])

    return answer


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (lambda text: "", "empty"),
        (lambda text: text, "copy"),
        (lambda text: "I'm sorry, but I can't help with that gate 3 request.", "refusal"),
        (lambda text: "As an AI language model, I see gate 3.", "refusal"),
        (lambda text: "I will see you at gate 9.", "other_facts"),
        (lambda text: "I will see you at gate 3 at 5.", "other_facts"),
        (lambda text: "I will see you at gate 3 <phone1>.", "other_facts"),
        (lambda text: "I will see you at gate 3. " + "Indeed I will. " * 20, "too_long"),
        (lambda text: "I \ud83d see gate 3.", "garbled"),
    ],
)
async def test_a_bad_answer_is_asked_once_more(bad: Callable[[str], str], expected: str, tmp_path: Path) -> None:
    with serving(Behaviour(answer=one_bad(bad))) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(6))
        assert model.look_up(pieces(6)[3]) == expected
        assert reasons(model, pieces(6)) == [expected]
        assert server.texts.count("see u at gate 3") == 2
        assert len(server.texts) == 7
        model.close()


@pytest.mark.parametrize(
    ("own", "answer", "expected"),
    [
        ("cant help u w that", "I am afraid that I cannot help you with that.", None),  # his own words
        ("call <phone1> or <phone2>", "Please call <phone1> or <phone2>.", None),
        ("call <phone1> or <phone2>", "Please call <phone1>.", "other_facts"),
        ("see u 7:30pm", "I will see you at 7:30 PM.", None),
        ("1000 bucks", "It is 1,000 dollars.", None),
        ("first\nsecond", "First.\nSecond.", None),
        ("k", "Okay, that is fine with me.", None),
    ],
)
async def test_what_is_a_good_answer(own: str, answer: str, expected: str | None, tmp_path: Path) -> None:
    with serving(Behaviour(answer=lambda items: json.dumps([answer]))) as server:
        model = big_model(server, tmp_path)
        await model.fill([piece(own)])
        assert reasons(model, [piece(own)]) == ([expected] if expected else [])
        model.close()


@pytest.mark.parametrize(
    "answer",
    [
        lambda items: "no JSON at all [",
        lambda items: "[[[[",
        lambda items: json.dumps([politely(item["typed"]) for item in items]),  # nothing says which is which
        lambda items: json.dumps([{"n": 1, "text": "x 0"}, {"n": 1, "text": "y 0"}]),
        lambda items: json.dumps({"n": "1"}),
        lambda items: in_order(items)[:-9],
    ],
)
async def test_garbage_for_a_batch_is_asked_again_one_by_one(answer: Callable[[Numbered], str], tmp_path: Path) -> None:
    with serving(Behaviour(answer=lambda items: answer(items) if len(items) > 1 else in_order(items))) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(5))
        assert drafts(model, pieces(5)) == [politely(one.own) for one in pieces(5)]
        assert len(server.requests) == 6
        model.close()


async def test_too_few_answers_cost_only_those_that_lack(tmp_path: Path) -> None:
    with serving(Behaviour(answer=lambda items: in_order(items[: max(1, len(items) - 2)]))) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(6))
        assert len(server.requests) == 3
        assert reasons(model, pieces(6)) == []
        model.close()


async def test_a_model_of_no_use_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(Behaviour(answer=lambda items: "hm")) as server:
        model = big_model(server, tmp_path)
        with pytest.raises(EndpointError, match="gave nothing usable"):
            await model.fill(pieces(500))
        assert len(server.requests) < 100
        model.close()
    gc.collect()
    assert caplog.text == ""  # of the others that failed at the same time nobody hears


@pytest.mark.parametrize("status", [429, 500, 503, 529, "stall", "close"])
async def test_trouble_is_waited_out(status: int | str, tmp_path: Path) -> None:
    with serving(Behaviour(statuses=[status, status])) as server:
        paused_s: list[float] = []
        model = big_model(server, tmp_path, paused_s)
        filling = asyncio.create_task(model.fill(pieces(3)))
        for stalls in (1, 2) if status == "stall" else ():
            await eventually(lambda: len(server.requests) == stalls)  # noqa: B023  called in this round
            await asyncio.sleep(0.1)
            hurry(TIMEOUT_S)
        await filling
        assert reasons(model, pieces(3)) == []
        assert len(server.requests) == 3
        assert 0.5 <= paused_s[0] <= 1 <= paused_s[1] <= 2
        model.close()


@pytest.mark.parametrize("given", ["100", "date"])
async def test_retry_after_is_honoured(given: str, tmp_path: Path) -> None:
    value = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True) if given == "date" else given
    with serving(Behaviour(statuses=[(429, {"retry-after": value})])) as server:
        paused_s: list[float] = []
        model = big_model(server, tmp_path, paused_s)
        await model.fill(pieces(3))
        assert 40 <= paused_s[0] <= 100
        assert len(server.requests) == 2
        model.close()


async def test_a_very_long_retry_after_ends_the_run(tmp_path: Path) -> None:
    with serving(Behaviour(statuses=[(429, {"retry-after": "86400"})])) as server:
        model = big_model(server, tmp_path)
        with pytest.raises(EndpointError, match="asks to wait 86400 s"):
            await model.fill(pieces(3))
        model.close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "Check FORGE_API_KEY"),
        (404, "has the model 'big'"),
        ((307, {"location": "http://127.0.0.1:1/"}), "Redirects are not followed"),
    ],
)
async def test_what_does_not_change_is_not_asked_again(
    status: int | tuple[int, dict[str, str]], expected: str, tmp_path: Path
) -> None:
    body = {"error": {"message": f"you said {CANARY}", "type": "invalid_request_error", "code": None}}
    with serving(Behaviour(statuses=[status], error_body=body)) as server:
        model = big_model(server, tmp_path, concurrency=1)
        with pytest.raises(EndpointError, match=expected) as caught:
            await model.fill(pieces(3))
        assert "invalid_request_error" in str(caught.value) and CANARY not in str(caught.value)
        assert len(server.requests) == 1
        model.close()


async def test_a_refused_batch_goes_one_by_one(tmp_path: Path) -> None:
    with serving(Behaviour(statuses=[400, 400])) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(4))
        assert reasons(model, pieces(4)) == ["refused_by_endpoint"]
        model.close()


async def test_it_goes_on_where_a_dead_server_stopped_it(tmp_path: Path) -> None:
    with serving(Behaviour(statuses=[200, 200, "die"])) as dying:
        model = big_model(dying, tmp_path, concurrency=1)
        with pytest.raises(EndpointError, match="run the same command again"):
            await model.fill(pieces(80))
        model.close()
        answered = set(dying.texts[:32])
    with serving(Behaviour()) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(80))
        assert answered.isdisjoint(server.texts) and len(server.texts) == len(set(server.texts)) == 48
        assert reasons(model, pieces(80)) == []
        model.close()


async def test_a_killed_run_asks_nothing_twice(tmp_path: Path) -> None:
    with serving(Behaviour(delay_s=0.05)) as server:
        model = big_model(server, tmp_path, concurrency=2)
        killed = asyncio.create_task(model.fill(pieces(200)))
        for _ in range(500):
            if len(server.requests) >= 6:
                break
            await asyncio.sleep(0.01)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        kept = [one.own for one in pieces(200) if model.look_up(one) != "not_asked"]
        model.close()
        assert kept
        await asyncio.sleep(0.2)  # what was under way is asked again: its answer was lost
        server.requests.clear()
        model = big_model(server, tmp_path)
        await model.fill(pieces(200))
        assert set(kept).isdisjoint(server.texts) and len(server.texts) == 200 - len(kept)
        server.requests.clear()
        await model.fill(pieces(200))
        assert server.requests == []
        model.close()


async def test_equal_sentences_are_asked_once_and_registers_apart(tmp_path: Path) -> None:
    with serving(Behaviour()) as server:
        model = big_model(server, tmp_path)
        await model.fill([*pieces(3), *pieces(3), piece("see u at gate 1", "email")])
        assert sorted(server.texts) == ["see u at gate 0", *["see u at gate 1"] * 2, "see u at gate 2"]
        systems = {body["messages"][0]["content"] for body in server.requests}
        assert len(systems) == 2 and any("private e-mails" in system for system in systems)
        model.close()


async def test_no_more_at_once_than_asked_for(tmp_path: Path) -> None:
    with serving(Behaviour(delay_s=0.1)) as server:
        model = big_model(server, tmp_path, concurrency=3)
        await model.fill(pieces(200))
        assert 2 <= server.most_at_once <= 3
        model.close()


async def test_the_budget_is_never_exceeded_(tmp_path: Path) -> None:
    with serving(Behaviour(usage={"prompt_tokens": 500, "completion_tokens": 300})) as server:
        model = big_model(server, tmp_path, budget=Budget(8000))
        await model.fill(pieces(400))
        assert model.budget.used_up
        assert 0 < 800 * len(server.requests) <= 8000
        assert set(reasons(model, pieces(400))) == {"not_asked"}
        assert len(reasons(model, pieces(400))) == 400 - 16 * len(server.requests)
        model.close()


async def test_a_budget_too_small_asks_nothing(tmp_path: Path) -> None:
    with serving(Behaviour()) as server:
        model = big_model(server, tmp_path, budget=parse_budget("$0.001", Price(5, 25)))
        await model.fill(pieces(20))
        assert server.requests == []
        assert reasons(model, pieces(1)) == ["not_asked"]
        model.close()


async def test_an_endpoint_that_does_not_count_is_counted_at_its_worst(tmp_path: Path) -> None:
    with serving(Behaviour(usage=None)) as server:
        model = big_model(server, tmp_path)
        await model.fill(pieces(16))
        assert model.budget.tokens_in > len(json.dumps(server.requests[0]["messages"])) / 3
        assert model.budget.tokens_out == server.requests[0]["max_tokens"]
        model.close()


async def test_the_estimate_names_the_host_and_shrinks_with_what_is_kept(tmp_path: Path) -> None:
    with serving(Behaviour()) as server:
        model = big_model(server, tmp_path, budget=Budget(None, Price(5, 25)))
        before = model.estimate(pieces(100))
        assert (before.texts, before.calls) == (100, 7) and server.requests == []
        assert "127.0.0.1, model big: 100 texts in 7 calls" in str(before)
        assert before.money == pytest.approx((before.tokens_in * 5 + before.tokens_out * 25) / 1e6)
        await model.fill(pieces(60))
        assert model.estimate(pieces(100)).texts == 40
        model.close()


async def test_text_and_key_reach_no_log_no_error_and_no_repr(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = {"error": {"message": CANARY, "code": f"{CANARY} x", "type": [CANARY]}}
    with serving(Behaviour(statuses=[500] * 50, error_body=body)) as server:
        model = big_model(server, tmp_path)
        with pytest.raises(EndpointError) as caught:
            await model.fill([piece(CANARY)])
        for told in (caplog.text, str(caught.value), repr(model.endpoint)):
            assert CANARY not in told and "secret-key" not in told
        model.close()


def test_the_file_of_answers_is_its_owners_alone(tmp_path: Path) -> None:
    with serving(Behaviour()) as server:
        big_model(server, tmp_path).close()
    assert (tmp_path / "answers.sqlite").stat().st_mode & 0o077 == 0
