"""Rules that end a run by what can be seen of it without a label, one small function each."""
