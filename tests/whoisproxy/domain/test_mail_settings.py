"""An owner's wishes for his mail: checked, never shown."""

import pytest

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.mail_settings import MailSettings


def test_what_is_parsed_comes_back_the_same() -> None:
    settings = MailSettings.parse({"banner": True, "identifiers": ["  The   Gardener ", "The Gardener"]})
    assert settings == MailSettings(banner=True, identifiers=("The Gardener",))
    assert MailSettings.parse(settings.as_dict()) == settings


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"banner": "yes"}, "banner"),
        ({"identifiers": "Ann"}, "identifiers"),
        ({"identifiers": ["ab"]}, "identifiers"),
        ({"released": ["An\u202en"]}, "released"),
        ({"released": ["Ann"] * 101}, "released"),
        ({"encryption_key": "\N{SNOWMAN}"}, "encryption_key"),
        ({"colour": "blue"}, "mail_settings"),
    ],
)
def test_a_wish_that_breaks_a_rule_names_its_field(raw: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        MailSettings.parse(raw)
    assert refused.value.field == field


def test_wishes_are_not_shown_by_repr() -> None:
    assert "Gardener" not in repr(MailSettings(identifiers=("The Gardener",)))
