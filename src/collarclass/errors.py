"""What can go wrong, as exceptions whose message is one plain sentence with a remedy."""


class CollarclassError(Exception):
    """Base of every error that collarclass raises on purpose."""


class DataError(CollarclassError, ValueError):
    """A file, table, row or column is not what it has to be."""


class ModelFileError(CollarclassError, ValueError):
    """A model folder is missing, damaged or of an unknown format."""
