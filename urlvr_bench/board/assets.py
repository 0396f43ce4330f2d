"""What the site is made of besides records: our templates, styles and scripts, and the table library of a wheel."""

import importlib.metadata
import importlib.util
import shutil
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from urlvr_bench.board import words
from urlvr_bench.errors import UsageError

_in_wheel = Path(__file__).parents[1] / "leaderboard"
FOLDER = _in_wheel if _in_wheel.is_dir() else Path(__file__).parents[2] / "leaderboard"

LIBRARY = "itables"
"""The PyPI package whose bundle of DataTables (MIT, no dependency, 175 kB compressed) enhances our plain tables."""


def environment() -> Environment:
    """Return the templates, compiled; every value is escaped, every undefined name is an error."""
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters.update(percent=words.percent, number=words.number, count=words.count, code=words.code, spec=spec)
    for name in found.list_templates():
        found.get_template(name)
    return found


@lru_cache(maxsize=1000)
def spec(items: tuple[tuple[str, str], ...]) -> Markup:
    """Return named values as a definition list, escaped; remembered, since the runs of a board share theirs."""
    parts = (Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in items)
    return Markup('<dl class="spec">{}</dl>').format(Markup("").join(parts))


def copy_static(site: Path) -> None:
    """Copy our styles and scripts, the Space card and the table library into a site."""
    shutil.copytree(FOLDER / "static", site / "static")
    shutil.copyfile(FOLDER / "README.md", site / "README.md")
    bundle = _library_folder() / "html" / "dt_bundle.js"
    if not bundle.is_file():
        raise UsageError(f"{LIBRARY} {importlib.metadata.version(LIBRARY)} has no html/dt_bundle.js; install 2.9")
    target = site / "static" / "lib"
    target.mkdir()
    shutil.copyfile(bundle, target / "datatables.js")
    for part in importlib.metadata.files(LIBRARY) or []:
        if part.name == "LICENSE":
            shutil.copyfile(Path(str(part.locate())), target / "LICENSE")


def _library_folder() -> Path:
    """Return the folder of the installed library without importing it."""
    spec = importlib.util.find_spec(LIBRARY)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"the site needs the package {LIBRARY}: pip install 'urlvr-bench[board]'")
    return Path(spec.submodule_search_locations[0])
