"""What the words of a text and its rewrite show, in numbers: facts, negations, who does it, hedges, what is unsaid.

In: a text and its rewrite, both masked, and an alignment. Out: Evidence: counts and shares by name, none of which is a
fault by itself; weights.py says what they come to together.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from voice.alignment import Alignment
from voice.asking import asks, requests, still_asks
from voice.facts.belonging import belongings
from voice.facts.compare import compare, lacking
from voice.facts.figures import figures
from voice.facts.masking import PLACEHOLDER
from voice.facts.negation import negations
from voice.judges.hard import is_light
from voice.judges.wording import said_no_more
from voice.sense import actors, polarity
from voice.words import is_content, stem, words

Evidence = Mapping[str, float]

# Words that turn what a sentence says, by what they do: what one text has more of than the other is counted.
_TURNS = {
    group: frozenset(map(stem, forms.split()))
    for group, forms in {
        "hedge": "may might maybe perhaps probably possibly likely seem seems seemed appear appears think believe "
        "guess suppose hope hopefully roughly about around approx approximately almost nearly somewhat apparently "
        "prob probs doubt unsure expect reckon ish",
        "duty": "must should shall need needs have required supposed ought gotta",
        "intent": "will would 'll wont won't gonna going could can promise plan plans intend intends",
        "condition": "if only until till provided otherwise whether when once depending case",
        "exception": "unless except",
        "comparison": "least most more less fewer than over under above below before after first last earlier later "
        "longer instead rather either both neither all every each another other same further",
        "cause": "because since so therefore as although though but despite due",
        "past": "was were had did been went",
    }.items()
}
_PERSONS = {
    "i": frozenset("i i'm i'll i've i'd im ive ill me my mine we we're we'll us our ours".split()),
    "you": frozenset("you your yours you're you'll u ur you've youre".split()),
    "they": frozenset("he she they him them her his their hers he's she's they're".split()),
}
# What evidence is called where it speaks against a rewrite; the other names say how much was changed.
KINDS = {
    "figure_lost": "fact", "figure_invented": "fact", "day_lost": "fact", "day_invented": "fact", "name_lost": "name",
    "name_invented": "name", "swap": "swap", "negation_lost": "polarity", "negation_invented": "polarity",
    "polarity": "polarity", "question_lost": "question", "question_invented": "question",
    "condition_lost": "condition", "condition_new": "condition",
    "exception_lost": "condition", "exception_new": "condition", "cause_lost": "condition", "cause_new": "condition",
    "actor": "actor", "i_lost": "reference", "i_new": "reference", "you_lost": "reference", "you_new": "reference",
    "they_lost": "reference", "they_new": "reference", "hedge_lost": "hedge", "hedge_new": "hedge",
    "duty_lost": "modality", "duty_new": "modality", "intent_lost": "modality", "intent_new": "modality",
    "comparison_lost": "comparison", "comparison_new": "comparison", "past_lost": "tense", "past_new": "tense",
    "words_lost": "lost", "clause_lost": "lost", "sentence_lost": "lost", "shorter": "lost", "words_new": "added",
    "longer": "added", "gap_mean": "unlikely", "gap_beyond_1": "unlikely", "gap_beyond_2": "unlikely",
    "gap_top": "unlikely",
}  # fmt: skip
GAPS = ("gap_mean", "gap_beyond_1", "gap_beyond_2", "gap_top")  # what the reader finds
_MOST = 3  # of one kind that are counted
_TOP = 3  # tokens that are the least likely
_SHORTER = 0.4  # by how much, in the logarithm, a rewrite may be shorter before that is evidence


def evidence(text: str, rewrite: str, alignment: Alignment) -> Evidence:
    """The evidence of one rewrite, by name."""
    before, after = (PLACEHOLDER.sub(" ", side) for side in (text, rewrite))
    return {
        **_of_facts(before, after),
        **_of_sense(text, rewrite),
        **_of_words(before, after, alignment),
        **_of_turns(before, after),
    }


def of_gaps(gaps: Sequence[float]) -> Evidence:
    """The evidence of how much less likely each token of the text is after the rewrite than after itself, in nats."""
    top = sorted(gaps)[-_TOP:]
    beyond = [sum(max(0.0, gap - least) for gap in gaps) for least in (1, 2)]
    return {
        "gap_mean": sum(gaps) / max(1, len(gaps)),
        "gap_beyond_1": math.log1p(beyond[0]),
        "gap_beyond_2": math.log1p(beyond[1]),
        "gap_top": sum(top) / max(1, len(top)),
    }


def _of_facts(text: str, rewrite: str) -> dict[str, float]:
    was, now = figures(text), figures(rewrite)
    lost, made = lacking(was, now), lacking(now, was)
    compared = compare(text, rewrite)
    return {
        "figure_lost": _capped(sum(not is_light(figure) for figure in lost)),
        "figure_invented": _capped(sum(not is_light(figure) for figure in made)),
        "day_lost": _capped(sum(is_light(figure) for figure in lost)),
        "day_invented": _capped(sum(is_light(figure) for figure in made)),
        "name_lost": float("name" in compared.missing),
        "name_invented": float("name" in compared.invented),
        "swap": float(bool(belongings(text, rewrite))),
    }


def _of_sense(text: str, rewrite: str) -> dict[str, float]:
    nots = negations(rewrite) - negations(text)
    asked = asks(text) or "?" in text
    return {
        "negation_lost": _capped(-nots),
        "negation_invented": _capped(nots),
        "question_lost": float(asked and not still_asks(text, rewrite)),
        "question_invented": float(asks(rewrite) and not (asked or requests(text))),
        "polarity": float(bool(polarity(text, rewrite))),
        "actor": float(bool(actors(text, rewrite))),
    }


def _of_words(text: str, rewrite: str, alignment: Alignment) -> dict[str, float]:
    typed, retyped = words(text), words(rewrite)
    content, new_content = (
        [word for word in side if is_content(word) and not word[0].isdigit()] for side in (typed, retyped)
    )
    unexplained = [word for word in alignment.unexplained(text, rewrite) if not word[0].isdigit()]
    lost = [word for word in alignment.lost(text, rewrite) if not word[0].isdigit()]
    unsaid = said_no_more(text, set(lost)) if lost else set()
    longer = math.log(max(1, len(retyped)) / max(1, len(typed)))
    kept = (Counter(typed) & Counter(retyped)).total()
    return {
        "words_new": len(unexplained) / max(_MOST, len(new_content)),
        "words_lost": len(lost) / max(_MOST, len(content)),
        "clause_lost": float("clause" in unsaid),
        "sentence_lost": float("sentence" in unsaid),
        "length": math.log(max(1, len(typed))),
        "shorter": max(0.0, -longer - _SHORTER),
        "longer": max(0.0, longer),
        "kept": kept / max(1, len(typed)),
        "copied": kept / max(1, len(retyped)),
    }


def _of_turns(text: str, rewrite: str) -> dict[str, float]:
    said, says_now = Counter(words(text)), Counter(words(rewrite))
    stems, stems_now = (_by_stem(side) for side in (said, says_now))
    found: dict[str, float] = {}
    for group, forms in _TURNS.items():
        more = sum(stems_now[form] - stems[form] for form in forms)
        found |= {f"{group}_lost": _capped(-more), f"{group}_new": _capped(more)}
    for who, pronouns in _PERSONS.items():
        more = sum(says_now[word] - said[word] for word in pronouns)
        found |= {f"{who}_lost": _capped(-more), f"{who}_new": _capped(more)}
    return found


def _by_stem(counted: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for word, count in counted.items():
        found[stem(word)] += count
    return found


def _capped(count: int) -> float:
    return float(min(_MOST, max(0, count)))
