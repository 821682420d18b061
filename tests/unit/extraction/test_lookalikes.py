"""Who is nearly the owner, and who is not."""

from collections import Counter

import pytest

from extraction.lookalikes import find
from extraction.owner import Owner

OWNER = Owner(names=("José Almeida",), emails=("jose.almeida@example.org",), nicknames=("Zezinho",))


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Jose Almeida", True),
        ("Almeida, Jose (Lisbon)", True),
        ("José M. Almeida", True),
        ("Jose Almeyda", True),
        ("jose.almeida@old.example.com", True),
        ("josealmeida77@example.net", True),
        ("jalmeida@work.example.com", True),
        ("/O=WORK/OU=EU/CN=RECIPIENTS/CN=JALMEIDA", True),
        ("Zezinho_", True),
        ("Maria Almeida", False),
        ("jose@example.org", False),
        ("maria.almeida@example.org", False),
        ("José", False),
        ("", False),
    ],
)
def test_alike(sender: str, expected: bool) -> None:
    assert list(find(Counter({sender: 3}), OWNER)) == ([sender] if expected else [])


def test_those_with_the_most_rows_come_first() -> None:
    senders = Counter({"Jose Almeida": 2, "jose.almeida@old.example.com": 9, "Ana Lee": 50})
    assert find(senders, OWNER) == {"jose.almeida@old.example.com": 9, "Jose Almeida": 2}
