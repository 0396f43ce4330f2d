"""Tiny language models of our own: their language, problems, pre-training, and the priors that ship."""
