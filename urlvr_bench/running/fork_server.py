"""Imported by the fork server alone, before the engines, which take seconds: it ends with its command even then."""

from urlvr_bench.system.processes import end_with_parent

end_with_parent()
