from pathlib import Path

import pytest

from nic_voice.llama import command
from tests.manifests import a_manifest
from voice.base_model import BaseModel, gguf_place, resolve
from voice.errors import UserError
from voice.manifest import BaseModelRef


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NIC_VOICE_LLAMA_SERVER", "/opt/llama-server")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}")
    (tmp_path / "base" / "model.safetensors").write_bytes(b"weights")
    return resolve(str(tmp_path / "base"))


@pytest.fixture
def voices(base: BaseModel, tmp_path: Path) -> Path:
    root = tmp_path / "voices"
    for name in ("ana", "bob"):
        version = root / ".versions" / name / "v1"
        version.mkdir(parents=True)
        manifest = a_manifest("0").model_copy(update={"name": name})
        manifest.model_copy(update={"base_model": BaseModelRef(name=base.name, sha256=base.sha256)}).write(version)
        (root / name).symlink_to(version)
    (root / "ana" / "adapter.gguf").write_bytes(b"")
    return root


def put(base: BaseModel, outtype: str) -> Path:
    place = gguf_place(base, outtype)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"")
    return place


def test_it_wears_every_exported_voice_by_its_version(base: BaseModel, voices: Path) -> None:
    model = put(base, "f16")
    assert command(voices, None, "127.0.0.1", 8651, ("-ngl", "99")) == [
        "/opt/llama-server", "--model", str(model), "--lora", str(voices / ".versions" / "ana" / "v1" / "adapter.gguf"),
        "--lora-init-without-apply", "--host", "127.0.0.1", "--port", "8651", "-ngl", "99",
    ]  # fmt: skip


def test_the_smallest_base_unless_another_is_asked_for(base: BaseModel, voices: Path) -> None:
    f32, q8 = put(base, "f32"), put(base, "q8_0")
    assert str(q8) in command(voices, None, "127.0.0.1", 8651)
    assert str(f32) in command(voices, "f32", "127.0.0.1", 8651)
    with pytest.raises(UserError, match=r"export .*--gguf --outtype f16"):
        command(voices, "f16", "127.0.0.1", 8651)


def test_what_is_missing_is_said(base: BaseModel, voices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="the base model as GGUF yet: `nic-voice export"):
        command(voices, None, "127.0.0.1", 8651)
    put(base, "f16")
    (voices / "ana" / "adapter.gguf").unlink()
    with pytest.raises(UserError, match="a voice as GGUF yet"):
        command(voices, None, "127.0.0.1", 8651)
    monkeypatch.delenv("NIC_VOICE_LLAMA_SERVER")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="no llama-server on the PATH"):
        command(voices, None, "127.0.0.1", 8651)
