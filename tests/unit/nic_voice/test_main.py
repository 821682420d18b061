import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nic_voice.main import main
from nic_voice.terminal import word_diff

README = Path(__file__).parents[3] / "README.md"


def call(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin, prog_name="nic-voice")


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_help_and_stands_in_the_readme(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"nic-voice {command}" in README.read_text()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "expected"),
    [
        (["train", "--triplets", "none.jsonl", "--out", "voices/Ana"], 1, "'Ana' cannot be a voice's name"),
        (["train", "--triplets", "t", "--out", "v/a", "--set", "rank"], 2, "'rank' is not KEY=VALUE"),
        (["train", "--triplets", "t", "--out", "v/a", "--set", "rnk=1"], 2, "rnk: Extra inputs"),
        (["train", "--config", "gpt5", "--triplets", "t", "--out", "v/a"], 2, "Presets: qwen2.5-3b"),
        (["rewrite", "hi", "--url", "http://127.0.0.1:1"], 1, "Start it with `nic-voice serve`"),
        (["rewrite", " "], 2, "there is nothing to rewrite"),
        (["import-pairs", "none.tsv", "--out", "o.jsonl"], 1, "none.tsv"),
        (["extract", "--dsn", "postgresql://h/d", "--owner", "none.toml", "--out", "o"], 1, "none.toml"),
        (["evaluate", "ghost", "--split", "--pairs", "p.tsv"], 2, "--pairs and --split exclude each other"),
        (["evaluate", "ghost", "--gguf", "q8_0", "--url", "http://h"], 2, "--url and --gguf exclude each other"),
        (["export", ".", "--merged", "--evaluate"], 2, "give --gguf, too"),
        (["import-own", "none.txt", "--register", "chat", "--out", "o"], 1, "none.txt"),
        (["--log-level", "loud", "rewrite", "hi"], 2, "'loud' is not a log level"),
    ],
)
def test_a_mistake_is_one_message_and_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], exit_code: int, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert expected in result.output
    assert result.exit_code == exit_code
    assert "Traceback" not in result.output


def test_import_pairs_writes_triplets(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("I am late.\tlate —\nSee you.\tsee u at 8\n")
    result = call("import-pairs", str(tmp_path / "pairs.tsv"), "--out", str(tmp_path / "t.jsonl"), "--register", "chat")
    assert result.exit_code == 0, result.output
    (line,) = (tmp_path / "t.jsonl").read_text().splitlines()
    assert [turn["value"] for turn in json.loads(line)["conversations"]][1:] == ["I am late.", "late —"]
    assert json.loads(line)["register"] == "chat"


def test_clean_shows_the_own_text() -> None:
    result = call(
        "clean", "--source", "gmail", stdin="sounds good —\n\nOn Mon, Jan 4, 2021, Ann <a@b.c> wrote:\n> hello\n"
    )
    assert result.stdout.strip() == "sounds good —"
    assert result.stderr == "Cut: 10 words, quote.\n"


def test_facts_shows_what_is_masked_and_what_must_stay() -> None:
    result = call("facts", stdin="Petra pays $40 on friday, see https://example.com/a\n")
    assert result.stdout == "Petra pays $40 on friday, see <link1>\n"
    assert result.stderr.splitlines() == [
        "<link1>\thttps://example.com/a", "amount\t$40", "name\tpetra", "weekday\tfri",
    ]  # fmt: skip


def test_clean_takes_many_messages_line_by_line() -> None:
    bodies = ["dont wait for me — im late. lol", "Liked “see you”", None]
    lines = "".join(json.dumps({"id": f"m{number}", "body": body}) + "\n" for number, body in enumerate(bodies))
    result = call("clean", "--source", "imessage", "--jsonl", stdin=lines)
    first, second, third = map(json.loads, result.output.splitlines())
    assert (first["id"], first["own"], first["reason"]) == ("m0", "dont wait for me — im late. lol", None)
    assert [(sentence["own"], sentence["reason"]) for sentence in first["sentences"]] == [
        ("dont wait for me — im late.", None),
        ("lol", "reaction"),
    ]
    assert "don't wait" in first["sentences"][0]["neutral"].lower()
    assert (second["reason"], second["sentences"][0]["reason"]) == ("tapback", "tapback")
    assert third == {"id": "m2", "own": "", "reason": "empty", "sentences": [], "words_cut": {}}


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '{"id": 1, "body": 2}', "\udcff"])
def test_a_line_that_is_no_message_is_named(line: str) -> None:
    stdin = b'{"id": 1, "body": "hi"}\n' + line.encode("utf-8", "surrogateescape") + b"\n"
    result = CliRunner().invoke(main, ["clean", "--source", "imessage", "--jsonl"], input=stdin)
    assert result.exit_code == 1
    assert "Line 2 of the input" in result.output


def test_a_diff_marks_words() -> None:
    diff = word_diff("I am late today", "im late today")
    assert diff.plain == "I amim late today"
    assert [(diff.plain[span.start : span.end], span.style) for span in diff.spans] == [
        ("I am", "red strike"),
        ("im", "green"),
    ]
