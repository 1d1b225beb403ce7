"""`python -m neurula` is the command `neurula`."""

from neurula.cli.app import main

if __name__ == "__main__":
    main()
