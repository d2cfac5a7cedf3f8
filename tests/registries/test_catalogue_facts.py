"""The rules are the facts that we were given, and are found where a newcomer looks for them."""

import csv
import re
import tomllib
from pathlib import Path

import pytest

from registries.catalogue import Catalogue
from registries.policy import Mechanism, ProxyPolicy, SessionLimits

FACTS = Path(__file__).parents[3] / "shared" / "data" / "registries.csv"
SHIPPED = Path(__file__).parents[2] / "registries" / "tld"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def facts() -> list[dict[str, str]]:
    if not FACTS.exists():
        pytest.skip("the table of facts is not here")
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 194
    return rows


def test_every_fact_we_were_given_is_a_rule(catalogue: Catalogue, facts: list[dict[str, str]]) -> None:
    """The mapping of facts to rules, stated once more and independently of the files."""
    for row in facts:
        if row["tld"] == "*":
            continue
        policy = catalogue.policy(row["tld"].encode("idna").decode())
        assert policy.tld == row["tld"].encode("idna").decode()
        assert policy.mechanism == _mechanism(row), row["tld"]
        assert policy.confidence == row["confidence"]
        assert policy.operator == row["registry_operator"].replace(", verify", ", unconfirmed")
        assert policy.source == _in_our_words(row["source"]), row["tld"]
        assert policy.source_date == _newest_year_or_month(row["source"]), row["tld"]
        assert policy.contact_model == ("minimum" if row["thick_thin"] == "thin" else "maximum")
        assert policy.proxies == PROXIES[row["pp_policy"]], row["tld"]
        assert policy.natural_persons == _shown(row["public_shows_natural_person"]), row["tld"]
        assert bool(policy.presence) == (row["local_presence"].partition(" (SIDN")[0] != "none"), row["tld"]
        assert bool(policy.native_mechanism) == (_told(row["native_privacy_mechanism"])), row["tld"]
        assert policy.holder_change.lock_days == _lock_days(row["registrant_change"]), row["tld"]


def test_what_no_row_names_is_refused_with_the_certainty_of_the_facts(
    catalogue: Catalogue, facts: list[dict[str, str]]
) -> None:
    [rest] = [row for row in facts if row["tld"] == "*"]
    policy = catalogue.policy("no-such-tld")
    assert (policy.mechanism, policy.confidence) == (rest["recommended_mode"], rest["confidence"])


PROXIES = {
    "allowed": ProxyPolicy.ALLOWED,
    "allowed_tbc": ProxyPolicy.UNCONFIRMED,
    "registry_flag": ProxyPolicy.REGISTRY_SWITCH,
    "impossible_presence": ProxyPolicy.LOCAL_HOLDER,
    "prohibited": ProxyPolicy.PROHIBITED,
    "pointless": ProxyPolicy.POINTLESS,
    "unknown": ProxyPolicy.UNKNOWN,
}


def _mechanism(row: dict[str, str]) -> Mechanism:
    if row["confidence"] == "low":
        return Mechanism.NONE
    return {
        "proxy": Mechanism.RDDS_ONLY if row["thick_thin"] == "thin" else Mechanism.SUBSTITUTE,
        "alias_email": Mechanism.RELAY_EMAIL,
        "registry_flag": Mechanism.REGISTRY_FLAG,
        "none": Mechanism.NONE,
    }[row["recommended_mode"]]


def _in_our_words(source: str) -> str:
    for theirs, ours in (
        (" ;", ";"),
        ("prohibition from memory, verify", "prohibition general knowledge, not verified"),
        (" + from memory, verify", "; general knowledge, not verified"),
        ("from memory, verify", "general knowledge, not verified"),
        (
            "AWS Route53 docs repo awsdocs/amazon-route53-docs @2c31968 (2023)",
            "AWS Route 53 documentation (awsdocs/amazon-route53-docs at 2c31968, 2023)",
        ),
    ):
        source = source.replace(theirs, ours)
    return source


def _newest_year_or_month(source: str) -> str:
    return max(re.findall(r"\((20\d\d(?:-\d\d)?)\)", source), default="")


def _shown(told: str) -> tuple[str, ...]:
    words = {
        "none": "nothing",
        "full": "everything",
        "registry_flag": "registry_switch",
        "CPF": "id_number",
        "CUIT": "id_number",
    }
    return tuple(words.get(each, each) for each in told.removesuffix("_tbc").split("+"))


def _told(native: str) -> bool:
    return native not in {"none", "none (2023 gateway consultation only)"}


def _lock_days(change: str) -> int:
    # Under .io the lock follows a registration, not a change.
    locks = ("60-day lock unless", "lock 60 days", "ICANN-like lock")
    return 60 if any(lock in change for lock in locks) else 0


@pytest.mark.parametrize(
    ("tld", "limits"),
    [
        ("no", SessionLimits(granted=1, most=9, idle_s=120, commands=1200)),
        ("ee", SessionLimits(granted=4, requests_per_minute=100)),
        ("be", SessionLimits(granted=4)),
        ("co", SessionLimits(granted=100, names_per_check=50)),
        ("dev", SessionLimits(idle_s=3600)),
        ("org", SessionLimits()),
    ],
)
def test_what_a_registry_grants_is_kept_with_its_rule(
    catalogue: Catalogue, tld: str, limits: SessionLimits
) -> None:
    assert catalogue.policy(tld).sessions == limits


@pytest.mark.parametrize(
    ("tld", "extension"),
    [
        ("fr", "frnic-2.0"),
        ("eu", "contact-ext-1.3"),
        ("it", "extcon-1.0"),
        ("ca", "fury-2.1"),
        ("no", "no-ext-contact-1.0"),
        ("lu", "dnslu-1.0"),
        ("cat", "privacy-1.0"),
        ("com", "namestoreExt-1.1"),
        ("org", ""),
    ],
)
def test_the_extension_of_a_registry_is_known(catalogue: Catalogue, tld: str, extension: str) -> None:
    assert catalogue.policy(tld).extension == extension


def test_a_newcomer_finds_the_file_of_a_tld_by_its_name(catalogue: Catalogue) -> None:
    """Files are named by kind, or by the first country domain that is in them."""
    first: dict[str, str] = {}
    for file in SHIPPED.glob("*.toml"):
        table = tomllib.loads(file.read_text(encoding="utf-8"))["policy"][0]
        first[file.name] = table["tlds"][0]
    for name, tld in first.items():
        kind = name.partition("-")[0]
        assert kind in {"gtld", "cc", tld}, name
        assert (kind == "gtld") == (len(tld) > 2), name
    assert {policy.file for policy in catalogue.all()} == set(first)
