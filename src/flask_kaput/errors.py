"""Every error that the extension raises on purpose; imports no other part, anyone may import it.

    KaputError
    └── ConfigError
        └── ConfigurationError   settings of an application that cannot be used, all of them at once

Nothing else leaves the extension: what goes wrong while it works is logged, and the request goes on.
"""

from click import ClickException

from kaput.errors import ConfigError


class ConfigurationError(ConfigError, ClickException):
    """Settings of an application that cannot be used; `problems` has one sentence for each, with its fix.

    It is click's error too, so that `flask run` and `flask kaput check` end with these sentences, and no traceback.
    """
