"""A file beside a record, which holds for the very bytes of the record."""

import json
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import ValidationError

from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import Digest, Frozen
from urlvr_bench.records.record import contents, short_hash, write_atomically
from urlvr_bench.settings import first_problem


class Beside(Frozen):
    """What such a file holds; each kind has an `ending` of its own in place of the record's `.json`."""

    ending: ClassVar[str]
    strays: ClassVar[str]
    """What is said of one that belongs to other bytes than the record's."""

    schema_version: Literal[1] = 1
    record_sha256: Digest

    @classmethod
    def beside(cls, path: Path) -> Path:
        """Return where the file lies of the record in `path`."""
        return path.with_name(path.stem + cls.ending)

    def write(self, path: Path) -> Path:
        """Write the file of the record in `path`; return where it lies."""
        place = self.beside(path)
        write_atomically(place, json.dumps(self.model_dump(mode="json"), indent=1) + "\n")
        return place

    @classmethod
    def read(cls, path: Path, record: bytes) -> Self | None:
        """Return what lies beside the record in `path`, whose bytes are given; None where nothing does.

        A UsageError says what is wrong with it, also that it belongs to other bytes.
        """
        place = cls.beside(path)
        if not (place.is_symlink() or place.exists()):
            return None
        try:
            found = cls.model_validate_json(contents(place), strict=True)
        except ValidationError as error:
            raise UsageError(f"{place}: {first_problem(error)}") from error
        if found.record_sha256 != short_hash(record):
            raise UsageError(f"{place}: {cls.strays}")
        return found
