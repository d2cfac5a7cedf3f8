"""Which language a page speaks: that of the profile, else what was chosen by `?lang=`, else a browser's wish.

A choice is remembered in a cookie, which says nothing but the language.
"""

from collections.abc import Iterator

from aiohttp import web

from whoisproxy.i18n import DEFAULT_LANGUAGE, known

_COOKIE = "lang"
_YEAR_S = 365 * 24 * 3600
_LONGEST_HEADER = 500


def language_of(request: web.Request) -> str:
    """Return the language for somebody whose profile is not known."""
    wishes = (chosen(request), known(request.cookies.get(_COOKIE, "")))
    return next(filter(None, wishes), "") or wished(request.headers.get("Accept-Language", ""))


def chosen(request: web.Request) -> str:
    """Return the language that `?lang=` asks for, "" where it names none of ours."""
    return known(request.query.get("lang", ""))


def remember(response: web.StreamResponse, language: str, *, secure: bool) -> None:
    """Let the browser ask for this language from now on."""
    response.set_cookie(_COOKIE, language, max_age=_YEAR_S, secure=secure, httponly=True, samesite="Lax")


def wished(accept_language: str) -> str:
    """Return the language that a browser likes best (RFC 9110 section 12.5.4)."""
    return next(filter(None, map(known, _by_weight(accept_language))), DEFAULT_LANGUAGE)


def _by_weight(accept_language: str) -> Iterator[str]:
    weighted = []
    for one in accept_language[:_LONGEST_HEADER].split(","):
        tag, _, parameter = one.partition(";")
        try:
            weight = float(parameter.partition("=")[2] or 1)
        except ValueError:
            continue
        # A weight of 0 says: not this one.
        if 0 < weight <= 1:
            weighted.append((-weight, tag))
    return (tag for _, tag in sorted(weighted, key=lambda one: one[0]))
