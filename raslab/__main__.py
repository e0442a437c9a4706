"""`python -m raslab` is the `raslab` command."""

from raslab.cli.main import console

if __name__ == "__main__":
    console()
