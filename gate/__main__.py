"""`python -m gate build`: prepare the static files."""

import sys

from gate.build import build
from warehouse.errors import CockpitError


def main(argv: list[str]) -> int:
    if argv != ["build"]:
        print("usage: python -m gate build", file=sys.stderr)
        return 2
    try:
        print(build())
    except CockpitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
