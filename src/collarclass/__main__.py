"""`python -m collarclass`: the command."""

from collarclass.cli.main import main

if __name__ == "__main__":
    main()
