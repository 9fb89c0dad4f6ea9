"""The command line: options in, one call down, one report out.

The only room that prints or exits. ``main`` starts it; every command has a module of its own that
is imported when the command runs, so that ``dse --help`` answers at once.
"""

__all__: list[str] = []
