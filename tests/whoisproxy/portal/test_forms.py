"""What a field says of itself is said to those who do not see it, too."""

from whoisproxy.portal.rendering import _environment


def _field(**facts: object) -> str:
    source = '{% import "forms.html" as forms %}{{ forms.field("mail", "E-mail", **facts) }}'
    return _environment("en").from_string(source).render(facts=facts)


def test_a_field_has_its_label_and_nothing_more() -> None:
    shown = _field(value='"><script>', attributes={"maxlength": 9})
    assert '<label for="mail">E-mail</label>' in shown
    assert '<input id="mail" name="mail" type="text" value="&#34;&gt;&lt;script&gt;" maxlength="9">' in shown
    assert "aria-" not in shown


def test_hint_and_error_belong_to_the_field() -> None:
    shown = _field(type="email", hint="Yours", error="Too <long>")
    assert 'aria-describedby="mail-hint mail-error" aria-invalid="true"' in shown
    assert '<p class="hint" id="mail-hint">Yours</p>' in shown
    assert '<p class="error" id="mail-error">Too &lt;long&gt;</p>' in shown
    assert 'aria-describedby="mail-error"' in _field(error="Missing")
