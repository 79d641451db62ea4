"""Every error that the extension raises on purpose; imports no other part, anyone may import it.

    KaputError
    └── ConfigError
        └── ConfigurationError   settings of an application that cannot be used, all of them at once

Nothing else leaves the extension: what goes wrong while it works is logged, and the request goes on.
"""

from kaput.errors import ConfigError


class ConfigurationError(ConfigError):
    """Settings of an application that cannot be used; `problems` has one sentence for each, with its fix."""
