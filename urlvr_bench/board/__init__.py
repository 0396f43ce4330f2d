"""The leaderboard as a static site, built from records alone; see `gather` and `build`."""

from urlvr_bench.board.gathering import Gathered, gather
from urlvr_bench.board.links import Links
from urlvr_bench.board.site import Built, build

__all__ = ["Built", "Gathered", "Links", "build", "gather"]
