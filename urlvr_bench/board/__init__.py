"""The leaderboard as a static site, built from records alone; see `gather` and `build`."""

from urlvr_bench.board.site import Built, build, gather

__all__ = ["Built", "build", "gather"]
