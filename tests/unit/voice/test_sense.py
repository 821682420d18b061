"""What a rewrite says otherwise."""

import pytest

from voice.sense import changes


@pytest.mark.parametrize(
    ("text", "rewrite", "polarity", "actors", "question"),
    [
        ("I really love living here.", "i hate living here", True, False, False),
        ("I did not see it.", "I saw it", True, False, False),
        ("I can not.", "i can", True, False, False),
        ("We always sell first.", "we never sell first", True, False, False),
        ("I will not make it to dinner tonight.", "i'll never make it to dinner tonight", True, False, False),
        ("I will not do that again.", "i'll never do that again", False, False, False),
        ("I did not receive your mail.", "never got ur mail", False, False, False),
        ("The meeting is before lunch.", "its after lunch", True, False, False),
        ("It is not good.", "its bad", False, False, False),
        ("I do not think so.", "nope, dont think so", False, False, False),
        ("I am unable to come to dinner.", "can't come to dinner", False, False, False),
        ("Please do not hesitate to call me.", "call me", False, False, False),
        ("I am not sure whether he was hired.", "dont know if he was hired", False, False, False),
        ("You did not bring the ladder.", "kevin didn't bring the ladder", False, True, False),
        ("You did not bring the ladder.", "didn't bring the ladder", False, False, False),
        ("I cannot join you for dinner.", "sorry — can't do dinner", False, False, False),
        ("I cannot come.", "sadly can't come", False, False, False),
        ("I will send you the file.", "you will send me the file", False, True, False),
        ("They will call me.", "they'll call you", False, True, False),
        ("He likes her.", "she likes him", False, True, False),
        ("Kevin has sent the file.", "he sent the file", False, False, False),
        ("I wrote it.", "we wrote it", False, False, False),
        ("You are coming tomorrow.", "are you coming tomorrow?", False, False, True),
        ("Are you coming tomorrow?", "you are coming tomorrow.", False, False, True),
        ("Please let me know when it starts.", "when does it start?", False, False, False),
        ("Could you please send me the file?", "send me the file", False, False, False),
        ("Do you know when it starts?", "do you know when it starts", False, False, False),
        ("", "", False, False, False),
    ],
)
def test_what_differs(text: str, rewrite: str, polarity: bool, actors: bool, question: bool) -> None:
    found = changes(text, rewrite)
    assert (bool(found.polarity), bool(found.actors), found.question) == (polarity, actors, question)
    assert bool(found) == (polarity or actors or question)
