"""Why a row, a sentence or a line of pairs gives no triplet: the one vocabulary that ledgers and summaries count by."""

from enum import StrEnum


class Reason(StrEnum):
    """A word of the ledger, with what it means."""

    description: str

    def __new__(cls, word: str, description: str) -> "Reason":
        """The word as a text that carries its meaning."""
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.description = description
        return reason

    # Rows.
    NOT_OWN = "not_own", "somebody else wrote it"
    NOT_MESSAGE = "not_message", "something else than a message: a call, a like, a new friend, a picture's caption"
    EMPTY = "empty", "it holds no text"
    NOTHING_OWN = "nothing_own", "quotes, signatures or invisible characters, nothing else"
    ATTACHMENT = "attachment", "only the placeholders of attachments"
    EDIT_MARK = "edit_mark", "what a phone writes about a message that was edited, unsent or deleted"
    AUTOMATED = "automated", "a program wrote it: calendar replies, auto-replies, receipts, newsletters"
    MACHINE_TEXT = "machine_text", "a messenger or a telephone wrote it: a call, a group's new name, a driving reply"
    # Rows and sentences.
    TAPBACK = "tapback", "a reaction that a phone wrote out: Liked “see you”"
    LINKS = "links", "only links"
    PASTED = "pasted", "pasted into a mail: an article, a notice, a joke, a conversation of several people"
    # Words.
    QUOTE = "quote", "quoted or forwarded in a mail"
    SIGNATURE = "signature", "a signature, a disclaimer, a device's or a mail service's line"
    # Sentences.
    ONE_WORD = "one_word", "one word, and there are enough of such answers"
    COPY = "copy", "the same words often enough already, or the same message again"
    REACTION = "reaction", "one word that only reacts (lol, ok), or no word at all"
    TABLE_ROW = "table_row", "a line of a table"
    QUOTE_LEFT_OVER = "quote_left_over", "the header of a quote still stands in it"
    SECRET = "secret", "it holds a password, a key, a card or an account number, and `--secrets drop` was given"
    OWN_NAME = "own_name", "nothing but the owner's name"
    SHIPPED = "shipped", "the service wrote it, and `--exclude-shipped` was given"
    # Sentences and pairs, once the neutral side is there.
    INVENTED_FACT = "invented_fact", "a fact or a name that the neutral side lacks: it would teach inventing"
    NO_DRAFT = "no_draft", "nobody wrote a good draft of it, and `--rest none` leaves such texts out"
    # Lines of a file of pairs or of own texts.
    NOT_ONE_TAB = "not_one_tab", "not exactly one tab in the line"
    NOT_A_PAIR = "not_a_pair", "no JSON object with the texts neutral and own in the line"
    NOT_A_TEXT = "not_a_text", "no JSON object with the text own in the line"
    EMPTY_SIDE = "empty_side", "nothing on one side of the tab"
    DUPLICATE = "duplicate", "the same pair stands above"
