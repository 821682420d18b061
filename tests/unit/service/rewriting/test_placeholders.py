"""What goes out when a model keeps, drops, doubles, renumbers or exchanges placeholders: the text, to the letter."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from service.engines import Sampling
from service.rewriting.care import Care
from service.rewriting.rewrite import Order, Rewriter
from service.voices import Voice, load_voices
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice
from voice.base_model import BaseModel
from voice.facts.masking import PLACEHOLDER, mask

TEXTS = [
    "the nas is at fe80::1234:5678:9abc:def0 and its mac is aa:bb:cc:dd:ee:0f",
    "swap 00:1a:2b:3c:4d:5e for 00:1a:2b:3c:4d:5f in the list",
    "order #48213-A is here, order HX-99281-B is not",
    "flight BA 2490, seat 14C, and the way back is flight KL1234",
    "the booking reference is X7K2PQ and the hotel's confirmation number is H4-99XK",
    "the white van has the plate AB12 CDE, the blue one licence plate LD21 XYZ",
    "serial number C02XK1ABJG5J goes to ana, part number 44-B12/7 to tom",
    "track 1Z 999 AA1 01 2345 6784 and also RR 123 456 785 GB",
    "BIC COBADEFFXXX, IBAN DE89 3704 0044 0532 0130 00",
    "pay 40 to DE89370400440532013000 and 900 to GB82WEST12345698765432",
    "card 4111 1111 1111 1111, the CVV is 123",
    "my NI number is QQ 12 34 56 C, hers is AB123456D",
    "sort code 20-00-00, account 55779911",
    "the code is 482 193 for mail, and for the bank G-482193",
    "ring me on 612 34 56 78 or at work on 1300 555 019",
    "dial 1-800-FLOWERS, not 1-800-252-2222",
    "my user id is mmiller and hers is @nachtfalter",
    "the wifi password is correct horse battery staple, the router is at 10.0.0.7",
    "we camp at 48.85661, 2.35222 and swim at 48.86002, 2.33760",
    "mail name@localhost first, then ana@example.org",
    "write to ana (at) example (dot) org or tom dot lee at example dot com",
    "move /var/log/app to /srv/old, then look at https://example.org/plan?x=1",
    "call (415) 555-0132 or +44 20 7946 0958 ext. 12",
    "the key is sk-proj-abcdefghijklmnop1234, the old one was ghp_abcdefghijklmnopqrstuvwxyz0123",
    "we moved from 12 Elm St. to 350 5th Ave",
    "run `make all` and not `make clean`",
    "tom is @tom_k, ana is @ana.lee",
    "invoice INV/2024/00123 replaces invoice INV/2023/00977",
    "ping 10.0.0.7 before 192.168.1.20",
    "电话13800138000，或者13900139000",
    "the gate is pin 4821, the shed is pin 7710",
    "ssn 078-05-1120, passport X1234567",
    "your tickets are TK-77120 and TK-77121, row 12",
    "contract 771204/3 is signed, 771204/4 is not",
    "the vin is WVWZZZ1JZ3W386752, the plate KX 55 RTY",
    "he lives at 64 Juniper Terrace, she at 12 rue de Rivoli",
]


def _kept(text: str) -> str:
    return text


def _dropped(text: str) -> str:
    return PLACEHOLDER.sub("", text, count=1)


def _doubled(text: str) -> str:
    return PLACEHOLDER.sub(r"\g<0> \g<0>", text, count=1)


def _renumbered(text: str) -> str:
    return re.sub(r"(<[a-z]+)(\d+)>", lambda match: f"{match[1]}{int(match[2]) + 1}>", text)


def _exchanged(text: str) -> str:
    found = list(dict.fromkeys(match.group() for match in PLACEHOLDER.finditer(text)))
    if len(found) < 2:
        return text
    first, second = found[:2]
    return PLACEHOLDER.sub(lambda match: {first: second, second: first}.get(match.group(), match.group()), text)


@pytest.fixture
def ana(make_voice: MakeVoice, root: Path, base: BaseModel) -> Voice:
    make_voice("ana", system={"chat": {"message": "A message."}}, units=["message"])
    return load_voices(root, base).find("ana")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("does", [_kept, _dropped, _doubled, _renumbered, _exchanged])
async def test_the_text_comes_back_to_the_letter(
    does: Callable[[str], str], text: str, engine: FakeEngine, ana: Voice
) -> None:
    engine.answer = lambda prompt, _: does(prompt.text)
    order = Order(ana, "chat", Sampling(max_tokens=200, temperature=0), care=Care(guard="facts"))
    pieces = [piece async for piece in Rewriter(engine).rewrite(text, order)]
    assert "".join(piece.text for piece in pieces) == text
    assert (pieces[0].verdict == "kept") == (does is _kept)


@pytest.mark.parametrize("text", TEXTS)
def test_each_of_them_holds_two(text: str) -> None:
    assert len(mask(text).values) > 1
    assert not any(map(str.isdigit, re.sub(r"<[a-z]+\d+>|\brow 12\b|\b(?:40|900)\b|5th", "", mask(text).text)))
