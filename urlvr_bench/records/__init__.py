"""What a run leaves: its folder, its one record, and where it comes from; read and written whole."""
