"""Garbage collection of a process that lives long: none while it loads, and what it has loaded is not walked again."""

import gc


def loading() -> None:
    """From here on only counts of references free anything; call ``loaded`` soon.

    Thousands of classes and a schema are made, all of which stay: collections in between would find nothing, and took a
    fifth of the time of a start.
    """
    gc.disable()


def loaded() -> None:
    """What there is now lives as long as the process: it is left out of all collections from now on.

    Some hundredth of it is garbage, a third of a megabyte, and stays: to look for that took a tenth of a start.
    """
    gc.freeze()
    gc.enable()
