"""Imported by the fork server alone, before the engines, which take seconds: it ends with its command even then."""

import os

from urlvr_bench.system.processes import end_with_parent

COMMAND = "URLVR_COMMAND"
"""Names the variable that holds the command's process id: it may have ended before this was imported."""

if COMMAND in os.environ:
    end_with_parent(int(os.environ.pop(COMMAND)))
