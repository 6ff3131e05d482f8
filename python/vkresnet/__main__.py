"""The program: ``vkresnet``, or ``python -m vkresnet``."""

import os
import sys


def main() -> int:
    folder = os.path.dirname(os.path.abspath(__file__))
    program = os.path.join(folder, "bin", "vkresnet")
    if not os.access(program, os.X_OK):
        print(f"vkresnet: {program}: this build of the package has no program", file=sys.stderr)
        return 1
    os.execv(program, ["vkresnet", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
