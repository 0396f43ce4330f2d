"""The pocket lab: tiny priors and generated problems on which every phenomenon can be seen in minutes on a CPU."""
