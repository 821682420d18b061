"""The texts that a voice is judged on."""

import json
from pathlib import Path

import pytest

from evaluation.cases import CasesError, choose, from_pairs, held_out, other_texts
from tests.manifests import a_manifest
from tests.people import cases, pairs
from voice.manifest import SplitRef, TripletsRef, VoiceManifest
from voice.split import RULE, split
from voice.triplet import Triplet, load_triplets, write_triplets


def _voice(path: Path, share: float = 0.5) -> VoiceManifest:
    """A voice that was trained on the file."""
    file = load_triplets(path)
    parts = split(file.triplets, share, 1000)
    return a_manifest("0").model_copy(update={
        "triplets": TripletsRef(sha256=file.sha256, count=len(file.triplets), path=str(path)),
        "split": SplitRef(rule=RULE, share=share, most=1000, count=len(parts.held_out), sha256=parts.sha256),
    })  # fmt: skip


def _triplets(path: Path, count: int = 100) -> Path:
    write_triplets(path, (
        Triplet(f"s:{place}:0", "s", "chat", "message", f"t{place // 4}", None, "rules", "s", neutral, own)
        for place, (neutral, own) in enumerate(pairs(count))
    ))  # fmt: skip
    return path


def test_what_was_held_out_comes_back(tmp_path: Path) -> None:
    path = _triplets(tmp_path / "triplets.jsonl")
    found = held_out(_voice(path), None)
    held = split(load_triplets(path).triplets, 0.5, 1000).held_out
    assert [(case.neutral, case.own, case.group) for case in found] == [(t.neutral, t.own, t.thread) for t in held]
    assert all(case.by_rules for case in found)


def test_pieces_of_one_row_are_of_one_group(tmp_path: Path) -> None:
    path = tmp_path / "triplets.jsonl"
    write_triplets(path, (
        Triplet(f"s:{place // 2}:{place % 2}", "s", "chat", "sentence", None, None, "pairs", "s", neutral, own)
        for place, (neutral, own) in enumerate(pairs(100))
    ))  # fmt: skip
    found = held_out(_voice(path), None)
    assert len({case.group for case in found}) == len(found) / 2
    assert not any(case.by_rules for case in found)


def test_a_file_that_was_moved_or_changed(tmp_path: Path) -> None:
    path = _triplets(tmp_path / "triplets.jsonl")
    voice = _voice(path)
    moved = path.rename(tmp_path / "moved.jsonl")
    with pytest.raises(CasesError, match=r"triplets\.jsonl, which is not there any more"):
        held_out(voice, None)
    assert held_out(voice, moved)
    _triplets(moved, 99)
    with pytest.raises(CasesError, match="is not the file that voice 'ana' was trained on"):
        held_out(voice, moved)


def test_a_voice_that_held_nothing_out(tmp_path: Path) -> None:
    for voice in (a_manifest("0"), _voice(_triplets(tmp_path / "triplets.jsonl"), share=0)):
        with pytest.raises(CasesError, match="held nothing out"):
            held_out(voice, None)
    with pytest.raises(CasesError, match="There are 12 texts in what voice 'ana' held out"):
        held_out(_voice(_triplets(tmp_path / "few.jsonl", 20)), None)


def test_pairs_are_taken_once(tmp_path: Path) -> None:
    lines = [f"{neutral}\t{own}" for neutral, own in pairs(50)]
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join([*lines, lines[0], "no pair"]))
    found, left_out = from_pairs(path, "chat")
    assert left_out == 2
    assert [(case.neutral, case.own) for case in found] == pairs(50)
    assert {(case.register, case.unit) for case in found} == {("chat", "message")}
    path.write_text("\n".join(lines[:39]))
    with pytest.raises(CasesError, match=r"There are 39 texts in .*pairs\.tsv; 40 are the least"):
        from_pairs(path, "chat")


def test_the_choice_is_spread_and_repeatable() -> None:
    several = cases(100)
    chosen, rest = choose(several, 30, seed=2)
    assert choose(several, 30, seed=2) == (chosen, rest)
    assert choose(several, 30, seed=3)[0] != chosen
    assert sorted(chosen + rest, key=lambda case: int(case.group)) == several
    assert choose(several, None, 1) == choose(several, 100, 1) == (several, [])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one\n\n two \n", ["one", "two"]),
        (
            json.dumps({"own": "one"}) + "\n" + json.dumps({"text": "two"}) + "\n" + json.dumps({"id": 1}),
            ["one", "two"],
        ),
    ],
)
def test_texts_of_others(tmp_path: Path, content: str, expected: list[str]) -> None:
    path = tmp_path / "others"
    path.write_text(f"{content}\n" * 50)
    assert other_texts(path) == expected * 50
    path.write_text(content)
    with pytest.raises(CasesError, match="holds 2 texts; at least 100 are needed"):
        other_texts(path)
