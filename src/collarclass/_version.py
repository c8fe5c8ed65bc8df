"""The version of the installed package, which its build takes from the history."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("collarclass")
except PackageNotFoundError:
    __version__ = "0+unknown"  # a folder of sources that is not installed
