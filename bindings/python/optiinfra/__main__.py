"""``python -m optiinfra`` runs the program that is installed or built."""

import os
import shutil
import sys

from . import _engine


def _program() -> str:
    packaged = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "optiinfra")
    built = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "bin", "optiinfra")
    for path in (packaged, built):
        if os.access(path, os.X_OK):
            return path
    found = shutil.which("optiinfra")
    if found is None:
        sys.exit("python -m optiinfra: there is no program optiinfra in PATH; ./quickstart builds it, and "
                 "`cmake --install` installs it")
    return found


if __name__ == "__main__":
    program = _program()
    _engine.use()
    os.execv(program, [program, *sys.argv[1:]])
