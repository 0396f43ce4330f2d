"""What people read of records: tables, figures, and the generated parts of the documents."""
