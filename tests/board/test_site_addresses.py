"""The site leads only to places that are known."""

from pathlib import Path

import pytest
from addresses import unknown
from records import fabricate

pytest.importorskip("jinja2")

from urlvr_bench import board


def test_pages_of_the_site_name_known_addresses_only(tmp_path: Path) -> None:
    board.build([fabricate(method, 0) for method in ("majority_vote", "ground_truth")], tmp_path / "site")
    pages = [*(tmp_path / "site").rglob("*.html"), *(tmp_path / "site").rglob("*.json")]
    assert pages and not {page.name: unknown(page.read_text()) for page in pages if unknown(page.read_text())}
