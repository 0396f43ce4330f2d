"""The way in from the command line. Nothing is imported before Ctrl-C is provided for: it ends a command silently."""

import errno
import sys

from urlvr_bench.system import processes

MISPLACED = (errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP)
"""What a disk answers where a path that was given is of another kind, or not ours."""


def main() -> None:
    """Run the command line: bad input, or a disk that is full or refuses, is one line and exit code 2."""
    processes.end_on_interrupt()
    from urlvr_bench.commands.options import complain
    from urlvr_bench.commands.program import app
    from urlvr_bench.errors import UsageError
    from urlvr_bench.system.files import FULL

    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # else a full disk would be told by the interpreter, at its end
            processes.end_in_peace()
    except UsageError as error:
        complain(str(error))
    except OSError as error:
        if error.errno in FULL:
            where = error.filename or "the output"
            complain(f"cannot write {where}: {error.strerror}; make room and run the same command again")
        if error.errno not in MISPLACED or error.filename is None:
            raise
        complain(f"cannot use {error.filename}: {error.strerror}; give another place, or mend that one")


if __name__ == "__main__":
    main()
