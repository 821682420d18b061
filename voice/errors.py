"""The one error that the command line turns into a message and an exit code, and what helps to word one."""


class UserError(Exception):
    """What happened, with which name or value, and what to do about it. Never holds private text."""

    exit_code = 1


def explain_os_error(error: OSError, doing: str) -> UserError:
    """An OSError as a sentence: a full disk, a missing folder or a refused permission, and what to do."""
    import errno

    where = f" ({error.filename})" if error.filename else ""
    advice = {
        errno.ENOSPC: "The disk is full. Free some space and run the same command again.",
        errno.EDQUOT: "The disk quota is used up. Free some space and run the same command again.",
        errno.EACCES: "Permission denied. Choose a folder that you may write to, or change its permissions.",
        errno.EROFS: "The file system is read-only. Choose another folder.",
        errno.ENOENT: "No such file or folder. Check the path.",
        errno.EISDIR: "That is a folder, a file was expected.",
        errno.ENOTDIR: "A part of that path is a file, a folder was expected.",
    }.get(error.errno or 0, error.strerror or "The operating system refused.")
    return UserError(f"{doing} failed{where}: {advice}")


def counted(number: int, noun: str) -> str:
    """A number with its noun, for sentences: '1 row', '2,000 rows'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
