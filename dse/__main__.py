"""``python -m dse``: the same as the ``dse`` command."""

import sys

from dse.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
