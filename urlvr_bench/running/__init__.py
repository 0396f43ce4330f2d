"""Many runs: the plan, side by side or on a cluster, continued after a kill, and what they will cost."""
