"""`python -m collarclass`, and `collarclass`: the command."""

import sys


def main() -> None:
    """Run the command; one that is interrupted while it is imported ends without a traceback."""
    try:
        from collarclass.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
