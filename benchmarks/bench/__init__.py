"""What the benchmarks share: the machine, servers, the corpus and the load."""
