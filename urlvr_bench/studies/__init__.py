"""Studies: each finding as a YAML of runs, and the table, figure and page that it yields."""
