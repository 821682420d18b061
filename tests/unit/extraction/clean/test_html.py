"""HTML bodies to the text of their writer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean.html import to_text

PIECES = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<br>",
        "<p>",
        "</p>",
        "<pre>",
        "<blockquote type=cite>",
        "</blockquote>",
        "<div class=gmail_quote>",
        "<script>",
        "&amp;",
        "&lt;",
        "lt;",
        "amp;",
        "br>",
        "<",
        ">",
        "-",
        "hello",
        "\n",
        " ",
        "\u00a0",
        "\x02",
        "\x03",
        "\ud800",
        "é",
    ]
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("see you at 8", "see you at 8"),
        ("a < b and <3 <nic@example.org>", "a < b and <3 <nic@example.org>"),
        ("<div>first line</div><div>second&nbsp;line</div>", "first line\nsecond line"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<p>one</p>\n<p>two <b>bold</b></p>", "one\n\ntwo bold"),
        ("hi<br/>there", "hi\nthere"),
        ("<style>p {color: red}</style><script>go()</script>yes", "yes"),
        ("tom &amp; ana &lt;3", "tom & ana <3"),
        ("<pre>kept   as\n  it is</pre>", "kept   as\nit is"),
        ("ok<div class='gmail_quote'>On Monday Ana wrote:<br>old</div>", "ok"),
        ("mine<blockquote type=cite>hers</blockquote>below", "mine\nbelow"),
        (
            "<div>top</div><div class=gmail_quote><div class=gmail_attr>Ana:</div>"
            "<blockquote class=gmail_quote>q1</blockquote><div>between</div>"
            "<blockquote class=gmail_quote>q2</blockquote></div>",
            "top\nbetween",
        ),
        (
            "<div>fyi</div><div class=gmail_quote>---------- Forwarded message ---------<br>From: Ana"
            "<blockquote>x</blockquote></div>",
            "fyi",
        ),
        ("<p>mine</p><div id=appendonsend></div><hr><div id=divRplyFwdMsg>From: Ana</div><div>hers</div>", "mine"),
        ("mine<div class=gmail_signature>Nic<br>Boss</div>", "mine"),
        ("", ""),
    ],
)
def test_only_what_the_writer_wrote_is_left(body: str, expected: str) -> None:
    assert to_text(body) == expected


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(st.characters()))
def test_it_is_idempotent_and_never_raises(body: str) -> None:
    once = to_text(body)
    assert to_text(once) == once
