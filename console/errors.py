"""What the operator has to mend before anything can go on."""


class SettingsError(Exception):
    """Settings, checkout or programs cannot be used; the text names what (a file with its line) and the way out."""


class NotNamed(SettingsError):
    """There are several repositories, and nobody said which is meant."""
