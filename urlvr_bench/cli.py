"""The way in from the command line. Nothing is imported before Ctrl-C is provided for: it ends a command silently."""

import sys

from urlvr_bench.system import processes


def main() -> None:
    """Run the command line: bad input, or a disk that is full, is one line and exit code 2."""
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
        if error.errno not in FULL:
            raise
        where = error.filename or "the output"
        complain(f"cannot write {where}: {error.strerror}; make room and run the same command again")


if __name__ == "__main__":
    main()
