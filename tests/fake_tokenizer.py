"""A tokenizer of one token a character, with ChatML's two special tokens."""

from typing import Any

from voice.prompt import END, START

SPECIAL = {START: 1, END: 2}


class FakeTokenizer:
    """Ids are code points + 10; special tokens stay text when `split_special_tokens` is set."""

    def __call__(self, text: str, *, add_special_tokens: bool, split_special_tokens: bool) -> dict[str, list[int]]:
        assert not add_special_tokens
        assert split_special_tokens
        return {"input_ids": [ord(character) + 10 for character in text]}

    def convert_tokens_to_ids(self, tokens: str) -> Any:
        return SPECIAL.get(tokens)

    def decode(self, ids: list[int]) -> str:
        names = {number: name for name, number in SPECIAL.items()}
        return "".join(names.get(number) or chr(number - 10) for number in ids)
