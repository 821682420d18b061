"""The scorer attacked: cheap tricks that a good score must not be impressed by, and errors that it must see.

    python -m bench.attack [--pairs FILE] [--others FILE] [--quick] [--json FILE]

In: pairs of a neutral text and the owner's own; without --pairs those of the made-up owner, whose neutral sides are
made by rules and too close to him to judge style by. Half of them are learned from, the others judged, 200 at most.
Out: what each trick scores. Tricks on the neutral text must stay under style 0.2; errors put into the owner's own text
keep his style, and must be found by what compares meanings: beside each stands what the owner's text itself has.
"""

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.report import show
from evaluation.baselines import contract, tricks, with_sentences, with_words
from evaluation.cases import COUNT, Case, choose, from_pairs, other_texts
from evaluation.run import Plan, judge
from evaluation.style import MEAN
from extraction.neutral.rules import neutralise
from nic_voice.sample.build import others_texts, truth
from training.judges import fit_verifier
from voice import alignment
from voice.ends import closing_names, without_ends
from voice.judges.verdict import Judges
from voice.sense import OPPOSITE
from voice.sentences import split
from voice.words import is_content, stem, words

QUICK = 100
SEED = 1
_SWAPPED = {
    "i": "you", "i'm": "you're", "i'll": "you'll", "i've": "you've", "my": "your", "me": "you", "you": "i",
    "you're": "i'm", "you'll": "i'll", "you've": "i've", "your": "my", "he": "she", "she": "he", "him": "her",
    "we": "they", "they": "we", "us": "them", "them": "us",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_COLUMNS = (
    "similarity", "chrF", "unexplained %", "lost %", "polarity %", "actors %", "question %", "repeats %", "near-copy %",
    "numbers lost %", "numbers invented %", "names invented %",
)  # fmt: skip

Trick = Callable[[Case], str]


def main() -> None:
    """Judge all tricks together and print what each scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--others", type=Path, help="texts of other people, beside the made-up ones")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} texts")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    cases = from_pairs(arguments.pairs, "email")[0] if arguments.pairs else _made_up()
    chosen, rest = choose(cases, min(QUICK if arguments.quick else COUNT, len(cases) // 2), SEED)
    names = closing_names(case.own for case in cases)
    learned = [(without_ends(case.neutral, names), without_ends(case.own, names)) for case in rest]
    outputs = {name: [trick(case) for case in chosen] for name, trick in _all_tricks(rest).items()}
    people = {"made-up people": others_texts(600)}
    if arguments.others:
        people[arguments.others.name] = other_texts(arguments.others)
    started_s = time.perf_counter()
    plan = Plan("attack", Path(), arguments.pairs, others=people, seed=SEED)
    report = judge(plan, chosen, rest, outputs, (Judges(alignment.learn(learned)), fit_verifier(learned)))
    rows: list[dict[str, Any]] = [
        {"trick": row.name, "style": row.style[MEAN].value if row.style else 1.0}
        | {way: row.style[way].value if row.style else 1.0 for way in report.distance}
        | {"AUC": row.detected.value if row.detected else 0.5}
        | {name: row.fidelity[name].value for name in _COLUMNS if row.fidelity}
        for row in report.rows
        if row.fidelity
    ]
    show(f"{len(chosen)} texts, {arguments.pairs or 'the made-up owner'}", rows, arguments.json, width=230,
         seconds=round(time.perf_counter() - started_s, 1), notes=report.notes())  # fmt: skip


def _all_tricks(rest: Sequence[Case]) -> dict[str, Trick]:
    """Tricks on the neutral text, then errors in the owner's own, by name."""
    names = closing_names(case.own for case in rest)
    pairs = [(without_ends(case.neutral, names), without_ends(case.own, names)) for case in rest]
    substituted, common, favourites = tricks(pairs)["word substitutions"], with_sentences(pairs), with_words(pairs)
    sentences = [sentence for _, own in pairs for sentence in split(own)]
    return {
        "append a common sentence": lambda case: common(case.neutral),
        "append any of his sentences": lambda case: f"{case.neutral} {_chance(case).choice(sentences)}",
        "begin with two words of his": lambda case: _begins_as_he(case, sentences),
        "strew his favourite words": lambda case: favourites(case.neutral),
        "strew pairs of his words": lambda case: _strewn(case, sentences),
        "drop every fourth word": lambda case: " ".join(w for n, w in enumerate(case.neutral.split()) if n % 4 != 3),
        "drop the last sentence": lambda case: " ".join(split(case.neutral)[:-1]) or case.neutral,
        "contract": lambda case: contract(case.neutral),
        "all of these": lambda case: favourites(common(substituted(contract(case.neutral)))),
        "another text of his": lambda case: _nearest(case, rest),
        "his, opposites": lambda case: _turned(case.own),
        "his, subjects swapped": lambda case: _WORD.sub(_swap, case.own),
        "his, one 'not' more": lambda case: re.sub(
            r"\b(is|are|was|will|can|have|do|would)\b", r"\1 not", case.own, count=1
        ),
        "his, other numbers": lambda case: re.sub(r"\d", lambda digit: str((int(digit.group()) + 3) % 10), case.own),
        "his, a foreign word": lambda case: _foreign(case, rest),
        "his, words shuffled": lambda case: _shuffled(case),
    }


def _begins_as_he(case: Case, sentences: Sequence[str]) -> str:
    """The first two words of one of his sentences before the text."""
    return f"{' '.join(_chance(case).choice(sentences).split()[:2])} {case.neutral}"


def _strewn(case: Case, sentences: Sequence[str]) -> str:
    """Pairs of words of his between the words of the text."""
    chance, said = _chance(case), case.neutral.split()
    for _ in range(max(1, len(said) // 8)):
        pair = chance.choice(sentences).split()
        start = chance.randrange(max(1, len(pair) - 1))
        said.insert(chance.randrange(len(said) + 1), " ".join(pair[start : start + 2]))
    return " ".join(said)


def _chance(case: Case) -> random.Random:
    return random.Random(case.neutral)


def _nearest(case: Case, rest: Sequence[Case]) -> str:
    """The own text of the pair whose neutral side shares most words."""
    said = set(words(case.neutral))
    return max(rest, key=lambda other: len(said & set(words(other.neutral))) / (len(words(other.neutral)) + 5)).own


def _turned(text: str) -> str:
    """The first word that has an opposite, replaced by it."""
    for match in _WORD.finditer(text):
        opposites = OPPOSITE.get(stem(match.group().lower()))
        if opposites:
            return f"{text[: match.start()]}{min(opposites)}{text[match.end() :]}"
    return text


def _swap(match: re.Match[str]) -> str:
    new = _SWAPPED.get(match.group().lower().replace("’", "'"), match.group())
    return "I" + new[1:] if new.startswith("i'") or new == "i" else new


def _foreign(case: Case, rest: Sequence[Case]) -> str:
    """One content word replaced by a content word of another text."""
    chance = random.Random(case.neutral)
    other = [word for word in words(chance.choice(rest).own) if is_content(word) and word.isalpha()] or ["kevin"]
    found = [match for match in _WORD.finditer(case.own) if is_content(match.group().lower())]
    if not found:
        return case.own
    match = chance.choice(found)
    return f"{case.own[: match.start()]}{chance.choice(other)}{case.own[match.end() :]}"


def _shuffled(case: Case) -> str:
    said = case.own.split()
    random.Random(case.neutral).shuffle(said)
    return " ".join(said)


def _made_up() -> list[Case]:
    """The made-up owner's texts with neutral sides by rules."""
    texts = dict.fromkeys(row.own for row in truth(4000, SEED) if len(row.own.split()) > 4)
    return [Case(neutralise(own, "chat", own), own, "chat", "message", str(place)) for place, own in enumerate(texts)][
        : 2 * COUNT
    ]


if __name__ == "__main__":
    main()
