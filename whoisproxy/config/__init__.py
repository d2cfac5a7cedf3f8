"""Settings: frozen values from one TOML file and the environment; a bad one is refused at start.

Environment: `WHOISPROXY_SECTION__KEY=value` overrides `key` of `[section]`. The value is read as TOML
(`25`, `true`, `["a"]`) and, where it is none, as a string. Relative paths start at the folder of the
file, or at the working directory where there is no file.
"""

from whoisproxy.config.loading import ConfigurationError, load, load_brand, load_office
from whoisproxy.config.mail import (
    ClamAvSettings,
    Delivery,
    DnsListSettings,
    Engines,
    EngineSettings,
    RspamdSettings,
    SpamAssassinSettings,
)
from whoisproxy.config.registries import CallbackAccount, RegistryAccount
from whoisproxy.config.settings import BrandSettings, OfficeSettings, Portal, Retention, Settings

__all__ = [
    "BrandSettings",
    "CallbackAccount",
    "ClamAvSettings",
    "ConfigurationError",
    "Delivery",
    "DnsListSettings",
    "EngineSettings",
    "Engines",
    "OfficeSettings",
    "Portal",
    "RegistryAccount",
    "Retention",
    "RspamdSettings",
    "Settings",
    "SpamAssassinSettings",
    "load",
    "load_brand",
    "load_office",
]
