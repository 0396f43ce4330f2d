"""What is checked before it is believed: records, methods, tasks."""
