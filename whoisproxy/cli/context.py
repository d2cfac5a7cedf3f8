"""What commands share: the `--config` option and an opened service without its servers."""

from pathlib import Path
from typing import Annotated

import typer

from whoisproxy.config import Settings, load

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="WHOISPROXY_CONFIG", help="TOML file [default: ./whoisproxy.toml]"),
]


def settings_from(config: Path | None) -> Settings:
    """Read the settings that a command works with."""
    return load(config)
