"""What is deleted, and when: a file for each kind of row, `sweep.py` for the order."""
