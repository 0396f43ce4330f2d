"""The addresses outside the site that every page links to; what is not known is said on the page about the board."""

import re
from dataclasses import dataclass

from urlvr_bench.errors import UsageError

PAPER = "https://arxiv.org/abs/2603.08660"
HUB = "https://huggingface.co/datasets"


@dataclass(frozen=True)
class Links:
    """Where the code, the records and the site itself are; empty where nobody has said so."""

    repository: str = ""
    """Address of the repository of the code."""
    dataset: str = ""
    """OWNER/NAME of the Hub dataset of the records."""
    address: str = ""
    """Address of the site itself, which previews and feeds need."""
    paper: str = PAPER

    def __post_init__(self) -> None:
        for name in ("repository", "address"):
            given = getattr(self, name)
            if given and not re.fullmatch(r"https?://[^\s<>\"']+", given):
                raise UsageError(f"{name} {given!r} is no web address; give one such as https://example.org/name")
        if self.dataset and not re.fullmatch(r"[\w.-]+/[\w.-]+", self.dataset):
            raise UsageError(f"dataset {self.dataset!r} is not of the form OWNER/NAME")

    @property
    def base(self) -> str:
        """The address of the site with a slash at its end, nothing where it is not known."""
        return f"{self.address.rstrip('/')}/" if self.address else ""

    @property
    def data(self) -> str:
        """The address of the dataset, nothing where it is not known."""
        return f"{HUB}/{self.dataset}" if self.dataset else ""
