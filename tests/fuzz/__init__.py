"""A fuzzer of everything that reads what arrives: `python -m tests.fuzz --inputs 1000000`."""
