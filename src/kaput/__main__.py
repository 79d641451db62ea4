"""`python -m kaput` is the same as `kaput`; nobody imports this module."""

from kaput.cli.main import main

if __name__ == "__main__":
    main()
