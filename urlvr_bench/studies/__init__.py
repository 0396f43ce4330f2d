"""Questions of the paper, each a YAML of runs with its table, figure and page."""
