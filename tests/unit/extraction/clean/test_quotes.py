"""A mail's own text, by the mail programs that quote."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean.quotes import left_over, remove

LINES = st.sampled_from(
    [
        "my words",
        "",
        "> hers",
        ">> older",
        "-----Original Message-----",
        "On 3 May 2009, Ana <a@b.org> wrote:",
        "From: Ana",
        "To: Nic",
        "cc:",
        "Subject: x",
        "Ana Lee@HOME",
        "03/04/2001 09:15 AM",
        "\tLetterhead",
        "___________",
        "- note.doc",
        "Begin forwarded message:",
        "                   To: x",
        "          Ana          To:   Nic",
        "wrote:",
        "On",
        "\ud800",
    ]
)

OUTLOOK = """works for me, but not before ten

-----Original Message-----
From: Lee, Ana
Sent: Monday, March 05, 2001 9:12 AM
To: Sample, Nic
Subject: RE: lease

shall we say nine?"""

OUTLOOK_WITHOUT_MARK = """works for me

________________________________
From: Ana Lee <ana@example.org>
Sent: Monday, March 5, 2018 9:12 AM
To: Nic Sample
Subject: RE: lease

shall we say nine?"""

OUTLOOK_GERMAN = """geht klar

Von: Ana Lee
Gesendet: Montag, 5. März 2018 09:12
An: Nic Sample
Betreff: AW: Mietvertrag

neun Uhr?"""

NOTES = """works for me




Ana Lee@HOME
03/05/2001 09:12 AM
To: Nic Sample/OFFICE/CORP@CORP, Robert
Jones/OFFICE/CORP@CORP
cc:
Subject: Re: lease

shall we say nine?"""

NOTES_NAME_WITH_DATE = """works for me


"Lee, Ana" <ana@example.org> on 03/05/2001 09:12:44 AM
To: "'Nic Sample'" <nic@example.org>
cc:
Subject: lease


shall we say nine?"""

NOTES_NAME_ON_TWO_LINES = """works for me
ANA LEE @
HOME
03/05/2001 09:12 AM

To: Nic Sample/OFFICE/CORP@CORP
cc:
Subject: lease

shall we say nine?"""

NOTES_LETTERHEAD = """works for me


   \n\tSample Holdings\n\t\n\tFrom:  Ana Lee                           03/05/2001 09:12 AM\n\t

To: Nic Sample/OFFICE/CORP@CORP
cc:
Subject: lease

shall we say nine?"""

NOTES_WITHOUT_SENDER = """works for me


To: Nic Sample/OFFICE/CORP@CORP
cc:
Subject: lease

shall we say nine?"""

NOTES_TABLE = """works for me



                    "Lee, Ana"
                    <ana@example           To:     "Nic Sample (E-mail)"
                    .org>                  <nic@example.org>
                                           cc:
                    05/03/01 09:12         Subject:     lease
                    AM

shall we say nine?"""

NOTES_FORWARD = """see below
---------------------- Forwarded by Nic Sample/OFFICE/CORP on 03/05/2001 09:40
AM ---------------------------


Ana Lee
03/05/2001 09:12 AM
To: Nic Sample/OFFICE/CORP@CORP
cc:
Subject: lease

shall we say nine?"""

INLINE = """hey, answers below

On Mon, 5 Mar 2018 at 09:12, Ana Lee <ana@example.org> wrote:
> shall we say nine?
ten is better
> and the lease, which you wanted to bring along with the other papers that we
talked about?
> bring it
will do

thanks"""

APPLE = """works for me

On Mar 5, 2018, at 9:12 AM, Ana Lee <ana@example.org> wrote:

shall we say nine?"""

ATTRIBUTION_ON_THREE_LINES = """works for me

On Monday, 5 March 2018,
Ana Lee from the landlord's office
<ana@example.org> wrote:

> shall we say nine?"""

BLACKBERRY = """works for me
Sent from my handheld

----- Original Message -----
From: Ana Lee
To: Nic Sample
Sent: Mon Mar 05 09:12:44 2007
Subject: lease

shall we say nine?"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("just me\n\ntalking", "just me\n\ntalking", id="no quote"),
        pytest.param("", "", id="empty"),
        pytest.param(OUTLOOK, "works for me, but not before ten", id="Outlook"),
        pytest.param(OUTLOOK_WITHOUT_MARK, "works for me", id="Outlook, header only"),
        pytest.param(OUTLOOK_GERMAN, "geht klar", id="Outlook, German"),
        pytest.param(NOTES, "works for me", id="Notes"),
        pytest.param(NOTES_NAME_WITH_DATE, "works for me", id="Notes, name and date on one line"),
        pytest.param(NOTES_NAME_ON_TWO_LINES, "works for me", id="Notes, name on two lines"),
        pytest.param(NOTES_LETTERHEAD, "works for me", id="Notes, letterhead"),
        pytest.param(NOTES_WITHOUT_SENDER, "works for me", id="Notes, no sender"),
        pytest.param(NOTES_TABLE, "works for me", id="Notes, table"),
        pytest.param(NOTES_FORWARD, "see below", id="Notes, forward"),
        pytest.param(NOTES_FORWARD.removeprefix("see below\n"), "", id="nothing but a forward"),
        pytest.param(INLINE, "hey, answers below\n\nten is better\nwill do\n\nthanks", id="answers between quotes"),
        pytest.param(APPLE, "works for me", id="Apple Mail, quote without marks"),
        pytest.param(ATTRIBUTION_ON_THREE_LINES, "works for me", id="attribution on three lines"),
        pytest.param(BLACKBERRY, "works for me\nSent from my handheld", id="BlackBerry"),
        pytest.param("Begin forwarded message:\n\nFrom: Ana", "", id="Apple forward"),
        pytest.param("here it is\n\n - lease.doc\n << File: map.pdf >> ", "here it is", id="attachment marks"),
        pytest.param(">:( no way", ">:( no way", id="an angry face is no quote"),
        pytest.param("On Monday she wrote:\nno", "On Monday she wrote:\nno", id="a sentence is no attribution"),
        pytest.param("from: us\nwith love", "from: us\nwith love", id="lower case is no header"),
        pytest.param("option A\n------\noption B", "option A\n------\noption B", id="a rule is no quote"),
        pytest.param("mine\n________________", "mine", id="rule at the end"),
    ],
)
def test_own_text(body: str, expected: str) -> None:
    assert remove(body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---- Forwarded by Ana", "quote_left_over"),
        ("-----Original Message-----", "quote_left_over"),
        ("that was the original message", None),
    ],
)
def test_a_header_left_over_is_noticed(text: str, expected: str | None) -> None:
    assert left_over(text) == expected


@settings(deadline=None)
@given(st.lists(LINES, max_size=14).map("\n".join) | st.text(st.characters()))
def test_it_is_idempotent_never_raises_and_adds_no_word(body: str) -> None:
    once = remove(body)
    assert remove(once) == once
    assert set(once.split()) <= set(body.split())
