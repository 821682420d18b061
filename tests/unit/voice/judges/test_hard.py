"""Faults that no likelihood outweighs."""

import pytest

from voice.echo import learn
from voice.judges.hard import hard_faults


@pytest.mark.parametrize(
    ("text", "rewrite", "expected"),
    [
        ("Call <phone1> by noon.", "call <phone2> by noon", {"phone"}),
        ("Call <phone1> by noon.", "call by noon", {"phone"}),
        ("Pay <iban1> 40 and <iban2> 900.", "pay <iban2> 40 and <iban1> 900", {"iban"}),
        ("Bring €20 by 8:30.", "bring 20 by half 8", set()),
        ("Bring €20 by 8:30.", "bring 20 by half 9", {"time"}),
        ("Bring €20.", "bring €25", {"amount"}),
        ("Bring €20.", " ", {"empty"}),
        ("", "", set()),
        ("Room B12 is free.", "room B14 is free", {"number"}),
        ("We come on Tuesday, the two of us.", "we're coming", set()),
        ("See you at 3:45 PM.", "see you 3:45", {"time"}),
        ("See you at 3:45 PM.", "see you 1545", set()),
        ("See you at 11:30 AM.", "see you 11:30", set()),
        ("From 2:00 PM to 4:00 PM.", "2-4pm", set()),
        ("It is on Wednesday, July 18.", "its weds 18", {"date"}),
        ("It is from August 3 to August 12.", "its aug 3 to 12", set()),
        ("Dinner on Friday is not possible.", "dinner friday", {"negation"}),
        ("Would Friday work for you?", "friday", {"question"}),
        ("She will come.", "Maria's coming", {"name"}),
        ("Stefan has the key.", "he has the key", {"name"}),
        ("Stefan has the key.", "stan has the key", {"name"}),
        ("Alexander has the key.", "alex has the key", set()),
        ("Ana Lopez has the IDs.", "ana has the ID's", set()),
        ("Bob has the key.", "bobs got the key", set()),
        ("Ana has the keys of Priya.", "Anas got Pryas keys", set()),
        ("Hi Omar,\n\nIt is here.", "its here", set()),
        ("Hi Omar,\n\nIt is here.", "fyi - its here", set()),
        ("Hi Omar,\n\nIt is here.", "amor—its here", {"name"}),
        ("Hi Ana,\n\nIt is here.", "ansana—its here", {"name"}),
        ("It is here.\n\nBest regards,\nPetra", "its here", set()),
        ("Maria will come.", "marias coming", set()),
        ("The parcel is here.", "the parcel is here\nAna", set()),
        ("The parcel is here.", "Parcels here. Regards Ken Ackroyd", set()),
        ("The parcel is here.", "the PSU is here", set()),
        ("The parcel is here, thank you.", "the parcel is here you ANGEL", set()),
        ("Dear Kayla, it is here.", "hey Kay its here", set()),
        ("Somebody told me, but I am not sure.", "Guy told me, not 100% on that", set()),
        ("It is in the emergency room.", "its in ED til monday", set()),
        ("The parcel is here.", "As an AI I cannot help.", {"refusal"}),
        ("The parcel is here.", "the parcel is here is here is here is here is here", {"repetition"}),
        ("The parcel is here.", "посылка is here", {"script"}),
        ("The parcel is here.", "**the parcel** is here", {"markup"}),
    ],
)
def test_a_hard_fault(text: str, rewrite: str, expected: set[str]) -> None:
    assert hard_faults(text, rewrite) == expected


def test_the_owner_is_nobody_that_the_text_has() -> None:
    assert hard_faults("The parcel is here.", "the parcel is here\nana", signs_as=["Ana"]) == {"name"}
    assert hard_faults("Ana, the parcel is here.", "the parcel is here ana", signs_as=["Ana"]) == set()


def test_what_was_learned_or_told_is_not_to_be_said() -> None:
    echoes = learn([["my ladder is behind the shed and the key is under the mat"]])
    rewrite = "my ladder is behind the shed and the key is under the mat"
    assert hard_faults("The shed.", rewrite, echoes=echoes) == {"example"}
    told = "Say a text again the way that its writer would."
    assert hard_faults("The shed.", "say a text again the way that its writer would", told) == {"prompt"}
