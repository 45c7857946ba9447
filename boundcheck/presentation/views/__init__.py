"""One view a record: what it means, as tables and sentences."""
