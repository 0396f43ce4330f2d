"""The questions of the study, answered from records alone: each module is pure functions and, where shown, a table."""
