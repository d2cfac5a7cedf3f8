"""Read settings from a TOML file and the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from whoisproxy.config.settings import BrandSettings, Catalogue, OfficeSettings, Settings
from whoisproxy.config.values import Section

_ENVIRONMENT_PREFIX = "WHOISPROXY_"
SectionT = TypeVar("SectionT", bound=Section)


class ConfigurationError(Exception):
    """A setting is unknown or wrong. The message names file, key and reason, never the value."""


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        path: The TOML file; None reads `./whoisproxy.toml` where it exists, else the defaults.
        environment: Variables that override the file; None takes the process's own.

    Raises:
        ConfigurationError: The file cannot be read, a key is unknown, a value is bad.
    """
    file = path or (Path("whoisproxy.toml") if Path("whoisproxy.toml").exists() else None)
    raw = _read(file) if file else {}
    _override(raw, os.environ if environment is None else environment)
    settings = _validated(Settings, raw, str(file) if file else "environment")
    return _anchored(settings, file.resolve().parent if file else Path.cwd())


def load_brand(file: Path) -> BrandSettings:
    """Read a registrar's own brand: a TOML file with every key of `[brand]`, for it would be published.

    Raises:
        ConfigurationError: The file cannot be read, a key is unknown or missing, a value is bad.
    """
    raw = _read(file)
    missing = sorted(set(BrandSettings.model_fields) - set(raw))
    if missing:
        raise ConfigurationError(f"{file}: {', '.join(missing)}: missing")
    return _validated(BrandSettings, raw, str(file))


def load_office(file: Path) -> OfficeSettings:
    """Read where a registrar is reached, from a TOML file.

    Raises:
        ConfigurationError: The file cannot be read, a key is unknown or missing, a value is bad.
    """
    return _validated(OfficeSettings, _read(file), str(file))


# In place of pydantic's texts, of which one speaks of inputs and the other shows a regular expression.
_REASONS = {
    "extra_forbidden": "unknown key",
    "string_pattern_mismatch": "is not written as it must be; whoisproxy.example.toml shows how",
}


def _validated(section: type[SectionT], raw: dict[str, Any], origin: str) -> SectionT:
    try:
        return section.model_validate(raw)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        reason = _REASONS.get(problem["type"], problem["msg"])
        raise ConfigurationError(": ".join(filter(None, (origin, key, reason)))) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _override(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, text in sorted(environment.items()):
        section, separator, key = name.removeprefix(_ENVIRONMENT_PREFIX).lower().partition("__")
        if not name.startswith(_ENVIRONMENT_PREFIX) or not separator:
            continue
        target = raw.setdefault(section, {})
        if not isinstance(target, dict):
            raise ConfigurationError(f"environment: {name}: only keys of plain sections can be overridden")
        target[key] = _value(text)


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _anchored(settings: Settings, root: Path) -> Settings:
    """Return the settings with every relative path below `root`."""
    prefix = "sqlite:///"
    url = settings.database.url
    if url.startswith(prefix):
        url = prefix + str(root / url.removeprefix(prefix))
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": url}),
            "keys": _below(settings.keys, root),
            "rdap": _below(settings.rdap, root),
            "smtp": _below(settings.smtp, root),
            "delivery": _below(settings.delivery, root),
            "registries": tuple(_below(account, root) for account in settings.registries),
            "checks": settings.checks.model_copy(
                update={"protected_senders": tuple(root / path for path in settings.checks.protected_senders)}
            ),
            "catalogue": Catalogue(overrides=tuple(root / path for path in settings.catalogue.overrides)),
        }
    )


def _below(section: SectionT, root: Path) -> SectionT:
    paths = {
        name: root / value
        for name in type(section).model_fields
        if isinstance(value := getattr(section, name), Path)
    }
    return section.model_copy(update=paths)
