"""What every run has: its journal, its store and its model."""
