"""What the benchmark of drafts makes of what came back."""

import pytest

from bench.drafts import Draft, Outcome, read

TEXT = "Dear Ana,\n\nThe boat costs $240 and Petra pays.\n\nIt is red.\n\nKind regards,\nTheo"
DRAFT = Draft("A1", "mail", "email", TEXT, ["the boat costs $240", "Petra pays"])


def outcome(body: list[tuple[str, str]]) -> Outcome:
    pieces = [("light", "ana—"), *body, ("light", "\n\nt")]
    return Outcome(DRAFT, "".join(text for _, text in pieces), pieces, 1.0, 0.5)


@pytest.mark.parametrize(
    ("body", "is_patchwork"),
    [
        ([("kept", "boats 240, petra pays"), ("kept", "it's red")], False),
        ([("kept", "boats 240, petra pays"), ("light", "it is red")], True),
        ([("kept", "boats 240 and of all people petra pays"), ("light", "red")], False),
        ([("light", "the boat costs $240 and petra pays"), ("light", "it's red")], False),
        ([("fallback", "The boat costs $240 and Petra pays."), ("fallback", "It is red.")], False),
        ([("fallback", "The boat costs $240 and Petra pays."), ("resampled", "it's red")], True),
        ([("kept", "boats 240, petra pays"), ("copied", "> It is red and red and red.")], False),
    ],
)
def test_patchwork_is_half_his_and_half_not(body: list[tuple[str, str]], is_patchwork: bool) -> None:
    assert outcome(body).is_patchwork is is_patchwork


def test_facts_of_the_points_are_looked_for() -> None:
    assert outcome([("kept", "boats 240, petra pays")]).facts == (2, 2)
    assert outcome([("kept", "boats 420, petra pays")]).facts == (2, 1)
    assert outcome([("kept", "boat's red")]).facts == (2, 0)


def test_every_kind_of_draft_is_among_the_quick_ones() -> None:
    every, some = read(), read(20)
    assert (len(every), len(some)) == (62, 20)
    assert {draft.kind for draft in some} == {draft.kind for draft in every}
    assert all(draft.must for draft in every)
