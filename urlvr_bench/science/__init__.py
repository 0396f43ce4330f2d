"""The questions of the study, each a function from records to a table."""
