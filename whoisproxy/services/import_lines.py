"""Read domains from CSV (RFC 4180) or NDJSON, in the one shape that a registrant has everywhere.

CSV: a header, then a column `domain`, the registrant's fields by name, and optionally `registrant_verified`,
`nameservers`, `statuses`, `registered_at`, `expires_at`, `registry_id`, `delegation_signed`, `ds`, `hosts`.
Street lines are parted by `|`, name servers and statuses by blanks; DS records, in the form of zone files
(`12345 13 2 49FD…`), by `|`; hosts by blanks, each as `ns1.a.example=192.0.2.1,2001:db8::1`.
NDJSON: the same keys, lists as lists, the registrant's fields flat or under `registrant`
(then `name` may stand for `domain`). UTF-8, with or without a byte order mark.

A line that cannot be read is told with its number and field, and the next one is read.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum

from registries.delegation import DelegationSigner, Host
from whoisproxy.domain.delegation import checked_ds, checked_hosts, checked_id, checked_signed
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import HOST_NAME, HOST_OCTETS, MOST_NAMESERVERS, STATUSES
from whoisproxy.services.registration import RegistrationSpec

_REGISTRANT_FIELDS = frozenset(field.name for field in fields(Registrant))
_OTHER_FIELDS = frozenset(
    {
        "registrant_verified",
        "nameservers",
        "statuses",
        "registered_at",
        "expires_at",
        "registry_id",
        "delegation_signed",
        "ds",
        "hosts",
    }
)
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
_DS_KEYS = ("key_tag", "algorithm", "digest_type", "digest")
_LONGEST_LINE = 64 * 1024


class ImportFormat(StrEnum):
    """How the lines are written."""

    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True)
class ImportLine:
    """A domain as read.

    Attributes:
        line: Number of its last line in the file, from 1.
    """

    line: int
    name: DomainName
    spec: RegistrationSpec


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read; the problem names the rule, never the value."""

    line: int
    domain: str
    field: str
    problem: str


def read_lines(lines: Iterable[bytes], form: ImportFormat) -> Iterator[ImportLine | BadLine]:
    """Yield every domain, and every line that is none.

    Raises:
        InvalidInput: A CSV header lacks a column, or has one that is not known.
    """
    records = _csv_records(lines) if form is ImportFormat.CSV else _json_records(lines)
    for number, record in records:
        yield record if isinstance(record, BadLine) else _parsed(number, record)


def _csv_records(lines: Iterable[bytes]) -> Iterator[tuple[int, Mapping[str, object] | BadLine]]:
    # What is not UTF-8 is smuggled through the reader, so that one bad line does not end the file.
    reader = csv.reader(line.decode("utf-8", "surrogateescape") for line in lines)
    header: list[str] | None = None
    while True:
        try:
            row = next(reader)
        except StopIteration:
            if header is None:
                raise InvalidInput("header", "is missing") from None
            return
        except csv.Error:
            yield reader.line_num, BadLine(reader.line_num, "", "line", "is not CSV (RFC 4180)")
            continue
        if not any(row):
            continue
        if header is None:
            header = _checked_header(row)
        elif len(row) != len(header):
            yield (
                reader.line_num,
                BadLine(reader.line_num, "", "line", "has not as many fields as the header"),
            )
        else:
            record = {key: value for key, value in zip(header, row, strict=True) if value}
            yield reader.line_num, _csv_values(reader.line_num, record)


def _checked_header(row: list[str]) -> list[str]:
    header = [column.strip().removeprefix("\ufeff").lower() for column in row]
    known = {"domain", *_REGISTRANT_FIELDS, *_OTHER_FIELDS}
    if len(set(header)) != len(header):
        raise InvalidInput("header", "names a column twice")
    if not set(header) <= known:
        raise InvalidInput("header", f"may have these columns only: {', '.join(sorted(known))}")
    if "domain" not in header:
        raise InvalidInput("header", "must have the column domain")
    return header


def _csv_values(number: int, record: Mapping[str, str]) -> Mapping[str, object] | BadLine:
    if any("\udc80" <= char <= "\udcff" for value in record.values() for char in value):
        return BadLine(number, "", "line", "is not UTF-8")
    values: dict[str, object] = dict(record)
    values["street"] = [part.strip() for part in record.get("street", "").split("|") if part.strip()]
    values["nameservers"] = record.get("nameservers", "").split()
    values["statuses"] = record.get("statuses", "").split()
    for key in ("registrant_verified", "delegation_signed"):
        if key in record or key == "registrant_verified":
            told = record.get(key, "").strip().lower()
            values[key] = _TRUTH.get(told, told)
    if "ds" in record:
        values["ds"] = [_zone_form(ds) for ds in record["ds"].split("|")]
    if "hosts" in record:
        values["hosts"] = [_host_form(host) for host in record["hosts"].split()]
    return values


def _zone_form(text: str) -> dict[str, object]:
    """Return a DS record as JSON has it; numbers stay text."""
    return dict(zip(_DS_KEYS, text.split(maxsplit=3), strict=False))


def _host_form(text: str) -> dict[str, object]:
    name, _, addresses = text.partition("=")
    return {"name": name, "addresses": addresses.split(",")}


def _json_records(lines: Iterable[bytes]) -> Iterator[tuple[int, Mapping[str, object] | BadLine]]:
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield number, _json_values(number, text)


def _json_values(number: int, line: bytes) -> Mapping[str, object] | BadLine:
    if len(line) > _LONGEST_LINE:
        return BadLine(number, "", "line", f"is longer than {_LONGEST_LINE} octets")
    try:
        values = json.loads(line.decode())
    except UnicodeDecodeError:
        return BadLine(number, "", "line", "is not UTF-8")
    except (ValueError, RecursionError):
        return BadLine(number, "", "line", "is not JSON (RFC 8259)")
    if not isinstance(values, dict):
        return BadLine(number, "", "line", "is not a JSON object")
    return values


def _parsed(number: int, record: Mapping[str, object]) -> ImportLine | BadLine:
    values = dict(record)
    nested = values.pop("registrant", None)
    domain = values.pop("domain", None) or (values.pop("name", None) if nested is not None else None)
    shown = domain if isinstance(domain, str) else ""
    try:
        if not isinstance(domain, str) or not domain:
            raise InvalidInput("domain", "is required")  # noqa: TRY301 - reported like what parse finds
        name = DomainName.parse(domain)
        return ImportLine(number, name, _spec(name, values, nested))
    except InvalidInput as error:
        field = "domain" if error.field == "name" else error.field
        return BadLine(number, shown, field, error.problem)


def _spec(name: DomainName, values: dict[str, object], nested: object) -> RegistrationSpec:
    others = {key: values.pop(key) for key in _OTHER_FIELDS if key in values}
    registrant = values if nested is None else nested
    if not isinstance(registrant, dict):
        raise InvalidInput("registrant", "must be an object")
    if nested is not None and values:
        raise InvalidInput("line", "has keys that are not known")
    ds = _ds(others)
    return RegistrationSpec(
        registrant=Registrant.parse(registrant),
        registrant_verified=bool(_truth(others, "registrant_verified")),
        nameservers=_nameservers(others),
        statuses=_statuses(others),
        registered_at=_time(others, "registered_at"),
        expires_at=_time(others, "expires_at"),
        registry_id=_registry_id(others),
        delegation_signed=checked_signed(ds, signed=_truth(others, "delegation_signed")),
        ds=ds,
        hosts=_hosts(name, others),
    )


def _truth(values: Mapping[str, object], key: str) -> bool | None:
    told = values.get(key)
    if told is not None and not isinstance(told, bool):
        raise InvalidInput(key, "must be true or false")
    return told


def _registry_id(values: Mapping[str, object]) -> str | None:
    told = values.get("registry_id")
    if told is not None and not isinstance(told, str):
        raise InvalidInput("registry_id", "must be a text")
    return None if told is None else checked_id(told.strip())


def _ds(values: Mapping[str, object]) -> tuple[DelegationSigner, ...] | None:
    records = _objects(values, "ds", _DS_KEYS)
    if records is None:
        return None
    numbers_and_digests = [tuple(record[key] for key in _DS_KEYS) for record in records]
    for *numbers, digest in numbers_and_digests:
        # Text where it is CSV; `bool` is an `int` in Python and must not pass for one here.
        if not isinstance(digest, str) or any(type(number) not in {int, str} for number in numbers):
            raise InvalidInput("ds", "must be numbers and a digest")
    return checked_ds(numbers_and_digests)  # type: ignore[arg-type] # just checked


def _hosts(name: DomainName, values: Mapping[str, object]) -> tuple[Host, ...] | None:
    hosts = _objects(values, "hosts", ("name", "addresses"))
    if hosts is None:
        return None
    if not all(isinstance(host["name"], str) for host in hosts):
        raise InvalidInput("hosts", "must have names")
    return checked_hosts(name, ((str(host["name"]), _strings(host, "addresses")) for host in hosts))


def _objects(
    values: Mapping[str, object], key: str, keys: tuple[str, ...]
) -> list[Mapping[str, object]] | None:
    """Return a list of objects of exactly these keys; None where there is none."""
    found = values.get(key)
    if found is None:
        return None
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and set(one) == set(keys) for one in found
    ):
        raise InvalidInput(key, f"must be a list, each with {', '.join(keys)}")
    return found


def _strings(values: Mapping[str, object], key: str) -> tuple[str, ...]:
    found = values.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise InvalidInput(key, "must be a list of texts")
    return tuple(found)


def _nameservers(values: Mapping[str, object]) -> tuple[str, ...]:
    hosts = _strings(values, "nameservers")
    if len(hosts) > MOST_NAMESERVERS:
        raise InvalidInput("nameservers", f"must be at most {MOST_NAMESERVERS}")
    if not all(len(host) <= HOST_OCTETS and re.fullmatch(HOST_NAME, host) for host in hosts):
        raise InvalidInput("nameservers", "must be host names (RFC 1123)")
    return tuple(host.lower() for host in hosts)


def _statuses(values: Mapping[str, object]) -> tuple[str, ...]:
    statuses = _strings(values, "statuses")
    if not set(statuses) <= set(STATUSES):
        raise InvalidInput("statuses", "must be EPP status names (RFC 5731, RFC 3915)")
    return statuses


def _time(values: Mapping[str, object], key: str) -> datetime | None:
    text = values.get(key)
    if text is None or text == "":
        return None
    try:
        time = datetime.fromisoformat(str(text))
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(key, "is not a time (RFC 3339)") from None
