import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import NotFound, VoiceRefused, VoicesError
from service.voices import first_base, load_voices
from tests.unit.service.conftest import MakeVoice
from voice.base_model import BaseModel
from voice.facts.rules import Rules
from voice.manifest import FILE_NAME, AdapterRef, BaseModelRef, VoiceManifest


def test_a_voice_is_found_by_name_and_alias(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    folder = make_voice("ana", version="v7", aliases=["anna"])
    voices = load_voices(root, base)
    for name in ("ana", "ana-voice", "anna"):
        assert voices.find(name).adapter.folder == folder
    assert voices.find("ana").adapter.version == "v7"
    assert voices.aliases("ana") == ["ana-voice", "anna"]


def test_an_alias_never_hides_a_voice(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana", aliases=["bob", "boss"])
    make_voice("bob", aliases=["boss"])
    voices = load_voices(root, base)
    assert voices.find("bob").name == "bob"
    assert voices.find("boss").name == "ana"
    assert "bob" not in voices.aliases("ana")


def test_an_unknown_voice_names_the_known_ones(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    with pytest.raises(NotFound, match=r"no voice 'eva'. Known: ana\."):
        load_voices(root, base).find("eva")
    with pytest.raises(NotFound, match=r"no voice\. Known"):
        load_voices(root, base).find("a whole private sentence")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"base_model": BaseModelRef(name="Qwen/Qwen2.5-3B-Instruct", sha256="1" * 64)},
            r"Adapter 'bad' was trained on Qwen/Qwen2.5-3B-Instruct; this server runs .*base. Retrain it, or start "
            r"with --model Qwen/Qwen2.5-3B-Instruct\.",
        ),
        ({"prompt_version": 99}, "prompt version 99"),
        ({"masking": 99}, r"masking version 99; this server knows 1, 2\. Retrain it, or update this server\."),
        ({"adapter": AdapterRef(sha256="2" * 64, rank=16, alpha=32)}, "damaged or was replaced"),
    ],
)
def test_a_voice_that_does_not_fit_is_refused(
    changes: dict[str, object], expected: str, make_voice: MakeVoice, root: Path, base: BaseModel
) -> None:
    make_voice("ana")
    make_voice("bad", **changes)
    voices = load_voices(root, base)
    with pytest.raises(VoiceRefused, match=expected):
        voices.find("bad-voice")
    assert list(voices.served) == ["ana"]


def test_a_voice_of_an_older_masking_is_served_and_named(
    make_voice: MakeVoice, root: Path, base: BaseModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    make_voice("ana", masking=1)
    make_voice("bob", phone_regions=["FR"])
    voices = load_voices(root, base)
    assert voices.find("ana").manifest.rules == Rules(1)
    assert voices.find("bob").manifest.rules == Rules(2, ("FR",))
    said = [record.getMessage() for record in caplog.records if "masking" in record.getMessage()]
    assert len(said) == 1 and "'ana' was trained with masking version 1" in said[0]


def test_other_weights_of_the_same_name(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    make_voice("bad", base_model=BaseModelRef(name=base.name, sha256="1" * 64))
    assert "other weights" in load_voices(root, base).refused["bad"]


def test_broken_folders_are_refused(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    (make_voice("torn") / "voice.json").write_text("{")
    (make_voice("bare") / "adapter_config.json").unlink()
    shutil.copytree(root / "ana", root / "copy")
    (root / "unfinished").mkdir()
    voices = load_voices(root, base)
    assert list(voices.served) == ["ana"]
    assert set(voices.refused) == {"torn", "bare", "copy"}
    assert "Rename the folder to ana" in voices.refused["copy"]


def test_a_plain_folder_has_its_hash_as_version(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    version = make_voice("ana")
    (root / "ana").unlink()
    shutil.copytree(version, root / "ana")
    voice = load_voices(root, base).find("ana")
    assert voice.adapter.version == VoiceManifest.load(version).adapter.sha256[:12]


def test_nothing_to_serve(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    with pytest.raises(VoicesError, match=r"There is no folder .*nowhere.*nic-voice train"):
        load_voices(root / "nowhere", base)
    with pytest.raises(VoicesError, match=r"No voice in .*nic-voice train"):
        load_voices(root, base)
    make_voice("bad", prompt_version=99)
    with pytest.raises(VoicesError, match=r"bad: .*prompt version 99"):
        load_voices(root, base)
    with pytest.raises(VoicesError, match="is itself a voice"):
        load_voices(root / "bad", base)


def test_first_base_skips_what_cannot_be_read(make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    (make_voice("aaa") / "voice.json").write_text("{")
    with pytest.raises(VoicesError, match=r"aaa: .*not a voice manifest"):
        first_base(root)
    make_voice("bob")
    assert first_base(root) == base.name


def test_no_alias_and_no_voice_is_called_like_the_base_model(
    make_voice: MakeVoice, root: Path, base: BaseModel
) -> None:
    make_voice("ana", aliases=[base.name, "anna"])
    voices = load_voices(root, base)
    assert voices.canonical(base.name) is None
    assert voices.aliases("ana") == ["ana-voice", "anna"]
    make_voice("bob")
    voices = load_voices(root, replace(base, name="bob"))
    assert "'bob' is called like the base model" in voices.refused["bob"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [('{"r": 16, "lora_alpha": 64}', "says r=16 and lora_alpha=64, voice.json 16 and 32"), ("{", "is damaged"),
     ("[]", "is damaged"), (None, "is missing")],
)  # fmt: skip
def test_an_adapter_that_is_scaled_otherwise_is_refused(
    content: str | None, expected: str, make_voice: MakeVoice, root: Path, base: BaseModel
) -> None:
    make_voice("ana")
    folder = make_voice("bad")
    config = folder / "adapter_config.json"
    manifest = json.loads((folder / FILE_NAME).read_text())
    (folder / FILE_NAME).write_text(json.dumps({**manifest, "beside": {}}))  # as older ones are
    config.write_text(content) if content is not None else config.unlink()
    assert f"adapter_config.json {expected}" in load_voices(root, base).refused["bad"]


@pytest.mark.parametrize(
    "name", ["adapter_model.safetensors", "adapter_config.json", "alignment.npz", "echo.npz", "style.npz"]
)
def test_a_wrong_bit_anywhere_refuses_the_voice(name: str, make_voice: MakeVoice, root: Path, base: BaseModel) -> None:
    make_voice("ana")
    file = make_voice("bad") / name
    whole = file.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 12)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        assert f"{name} has SHA-256" in load_voices(root, base).refused["bad"]
    file.write_bytes(whole)
    assert not load_voices(root, base).refused
