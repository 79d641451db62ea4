"""The command line, one file for each group of commands; a root: nobody imports it."""
