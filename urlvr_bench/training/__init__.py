"""One run is trained by TRL: rollouts become groups, a method pays them, steps and weights are kept."""
