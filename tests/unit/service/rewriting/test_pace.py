"""How long an answer will take, from those that came."""

from service.rewriting.pace import Pace


def test_it_goes_by_what_came_lately() -> None:
    pace = Pace()
    assert pace.expected_s(1000) == 0
    pace.took(10, 1.0)
    assert pace.expected_s(20) == 2.0
    pace.took(0, 0.2)
    before = pace.expected_s(10)
    for _ in range(50):
        pace.took(10, 10.0)
    assert before < 10 * 0.12
    assert 9.0 < pace.expected_s(10) < 10.0
