"""Signature blocks, device lines and disclaimers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean.signatures import remove

LINES = st.sampled_from(
    [
        "my words.",
        "",
        "-- ",
        "Thanks,",
        "Ana Lee",
        "- Ana",
        "Tel: 202 555 0143",
        "P.S. bring wine",
        "Sent from my iPhone",
        "This message is confidential, privileged and for the intended recipient; notify the sender.",
        "see: ",
        "\ud800",
    ]
)

LEGAL = (
    "This e-mail and its attachments are confidential and may be privileged. If you are not the intended\n"
    "recipient, please notify the sender and delete it. Any disclosure is strictly prohibited."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("see you at 8", "see you at 8", id="none"),
        pytest.param("", "", id="empty"),
        pytest.param("ok\n\n-- \nAna Lee\nSample Holdings", "ok", id="delimiter"),
        pytest.param("ok\n--\nAna\nP.S. bring wine", "ok\nP.S. bring wine", id="postscript stays"),
        pytest.param("on my way\n\nSent from my iPhone", "on my way", id="phone"),
        pytest.param("on my way\n\nGet Outlook for iOS", "on my way", id="Outlook for iOS"),
        pytest.param("Sent from my desk, as always", "", id="device line as all there is"),
        pytest.param("I sent from my account", "I sent from my account", id="a sentence is no device line"),
        pytest.param(f"fine by me\n\n{LEGAL}", "fine by me", id="disclaimer"),
        pytest.param(
            "this is confidential, do not tell her", "this is confidential, do not tell her", id="a secret is none"
        ),
        pytest.param(
            "call me\n\nAna Lee\nHead of Leases\nSample Holdings\n+1 202 555 0143\nana@example.org",
            "call me",
            id="block",
        ),
        pytest.param("Thanks,\nAna Lee\nTel: 202-555-0143", "Thanks,", id="sign-off stays, block goes"),
        pytest.param("Thanks\nAna", "Thanks", id="name under a sign-off"),
        pytest.param("see you there\n- Ana", "see you there", id="name after a dash"),
        pytest.param("thx\nchris", "thx", id="name in lower case under a sign-off"),
        pytest.param("Thanks,\ncg", "Thanks,", id="initials under a sign-off"),
        pytest.param("thanks\nok", "thanks\nok", id="a word under a sign-off"),
        pytest.param(
            "i will call him tomorrow.\n\nKaren", "i will call him tomorrow.", id="first name that stands apart"
        ),
        pytest.param("i will call\nKaren", "i will call\nKaren", id="first name that does not"),
        pytest.param("who is it?\n\nKaren", "who is it?\n\nKaren", id="first name as an answer"),
        pytest.param("i will be there.\n\nTomorrow", "i will be there.\n\nTomorrow", id="no name"),
        pytest.param("bis dann\n\nViele Grüße\nAna", "bis dann\n\nViele Grüße", id="German"),
        pytest.param(
            "her number is:\n\nAna Lee\n202-555-0143", "her number is:\n\nAna Lee\n202-555-0143", id="asked for"
        ),
        pytest.param("Ana Lee\n202-555-0143", "Ana Lee\n202-555-0143", id="all there is"),
        pytest.param(f"ok then\n\n{'_' * 30}\nGet your free mail at http://example.org", "ok then", id="footer"),
        pytest.param(f"a\n{'-' * 30}\nb", f"a\n{'-' * 30}\nb", id="a rule alone is no footer"),
        pytest.param("where?\nParis", "where?\nParis", id="a last word is no name"),
    ],
)
def test_only_the_signature_goes(text: str, expected: str) -> None:
    assert remove(text) == expected


@settings(deadline=None)
@given(st.lists(LINES, max_size=10).map("\n".join) | st.text(st.characters()))
def test_it_is_idempotent_never_raises_and_adds_no_word(text: str) -> None:
    once = remove(text)
    assert remove(once) == once
    assert set(once.split()) <= set(text.split())
