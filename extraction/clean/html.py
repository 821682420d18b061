"""HTML to the text that its writer saw, without what others wrote.

In: a body that may be HTML. Out: text; what mail programs mark as quote or signature is cut in the DOM, while
the mark can still be seen. A text that is not HTML comes back as it is.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from extraction.clean import attribution, quotes

_LOOKS_LIKE_HTML = re.compile(
    r"<(?:!doctype|html|head|body|div|p|br|span|table|blockquote|font|a|b|i|u|em|strong|ul|ol|li|pre|h[1-6]|img|hr|style)"
    r"(?:\s[^<>]*)?/?>|</[a-z][a-z0-9]*>|&(?:nbsp|amp|quot|lt|gt|apos|#\d{1,6}|#x[0-9a-f]{1,5});",
    re.IGNORECASE,
)
_STRUCTURE = re.compile(
    r"<(?:!doctype|html|head|body|style|script|div|p|br|table|blockquote|ul|ol|li|pre|h[1-6]|hr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_NO_TAG = re.compile(r"<(?!/?(?:span|font|a|b|i|u|em|strong|img)\b)", re.IGNORECASE)
_MOST_PASSES = 8
_UNSEEN = "head, style, script, title, noscript, template"
_QUOTES = (
    "blockquote[type=cite], div[name=quote], blockquote.gmail_quote, .gmail_attr, .moz-cite-prefix, "
    ".moz-forward-container, .yahoo_quoted, .protonmail_quote, .zmail_extra, #OLK_SRC_BODY_SECTION, "
    ".OutlookMessageHeader"
)
_SIGNATURES = (
    ".gmail_signature, [data-smartmail=gmail_signature], .gmail_signature_prefix, .moz-signature, "
    ".protonmail_signature_block, #Signature, #ms-outlook-mobile-signature, .AppleMailSignature"
)
_REPLY_HEADER = "#divRplyFwdMsg, #x_divRplyFwdMsg, #appendonsend, #mail-editor-reference-message-container"
_BLOCKS = "div, li, ul, ol, table, tr, blockquote, pre, h1, h2, h3, h4, h5, h6, hr, article, p.MsoNormal"
_PARAGRAPHS = "p:not(.MsoNormal)"
_FORWARDED = re.compile(r"\s*-{4,}\s*Forwarded message", re.IGNORECASE)

# Stand in the text for the edge of a block and of a paragraph until it is known what they meet.
_BLOCK, _PARAGRAPH = "\x02", "\x03"
_EDGES = re.compile(r"\n? ?[\x02\x03][\x02\x03 ]*")
_SPACES = re.compile(r"[ \t\n\r\f\x02\x03]+")
_MANY_LINES = re.compile(r"\n{3,}")


def to_text(body: str, others_words: str = _QUOTES) -> str:
    """The text of an HTML body without its quotes and signatures; anything else as it is.

    `others_words` selects, in CSS, what somebody else wrote.
    """
    for _ in range(_MOST_PASSES):  # more than one when what was escaped is HTML itself
        if not _LOOKS_LIKE_HTML.search(body):
            break
        body = _convert(body, others_words)
    return body


def post_to_text(body: str) -> str:
    """The same for a post, where every blockquote is a quote; in mail it may be an indented paragraph."""
    return to_text(body, "blockquote")


def _convert(body: str, others_words: str) -> str:
    source = body.encode("utf-8", "ignore").decode()
    if not _STRUCTURE.search(source):  # plain text in which an entity or an inline tag stands: its lines are lines
        source = _NO_TAG.sub("&lt;", source).replace("\n", "<br>")
    elif "<pre" not in source.lower():  # outside <pre> any white space is one space
        source = _SPACES.sub(" ", source)
    root = LexborHTMLParser(source).body
    if root is None:
        return ""
    _cut_what_others_wrote(root, others_words)
    for node in root.css("br"):
        node.insert_before("\n")
    for selector, edge in ((_BLOCKS, _BLOCK), (_PARAGRAPHS, _PARAGRAPH)):
        for node in root.css(selector):
            node.insert_before(edge)
            node.insert_after(edge)
    text = _EDGES.sub(_line_break, root.text(deep=True).replace("\u00a0", " "))
    return _MANY_LINES.sub("\n\n", "\n".join(line.strip(" ") for line in text.split("\n"))).strip()


def _cut_what_others_wrote(root: LexborNode, others_words: str) -> None:
    for node in root.css(_REPLY_HEADER):  # what Outlook quotes stands beside its header, not inside
        following = node.next
        while following is not None:
            gone = following
            following = gone.next
            gone.decompose()
    for node in reversed(root.css("div.gmail_quote")):  # inner ones first: a node may not be cut twice
        # Answers between the quoted lines stand in the same div, and some programs put all that was written into one:
        # only a forward, or a quote without a blockquote that says whose it is, goes.
        words = node.text(deep=True, separator="\n").strip()
        if _FORWARDED.match(words) or (node.css_first("blockquote") is None and _opens_quote(words)):
            node.decompose()
    for node in reversed(root.css(_UNSEEN)):
        node.decompose()
    for node in reversed(root.css(f"{_REPLY_HEADER}, {others_words}, {_SIGNATURES}")):
        node.insert_before(_BLOCK)  # what stood above and below it is not one line
        node.decompose()


def _opens_quote(words: str) -> bool:
    """Whether a text begins with who wrote it."""
    return attribution.find(words.split("\n"), 0) is not None or not quotes.remove(words)


def _line_break(edges: re.Match[str]) -> str:
    return "\n\n" if _PARAGRAPH in edges.group() else "\n"
