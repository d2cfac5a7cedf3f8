"""The table of what speaks for spam, each with its weight; `score` adds them up.

Weights are set by hand so that no single feature and no two mild ones reach a threshold: honest letters
to domain owners speak of money, deadlines and lawyers too, and abuse reports quote spam word for word.
How well the table does is measured by `bench/bench_content_score.py`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailrelay.content.reading import Content
from mailrelay.message import RawMessage

_SCANNED_CHARACTERS = 60_000
_FREE_MAIL = re.compile(
    r"@(?:gmail|hotmail|outlook|yahoo|aol|gmx|web|mail|yandex|qq|163|126)\.", re.IGNORECASE
)
_RUNNABLE = re.compile(
    r"\.(?:exe|scr|pif|com|bat|cmd|vbs?|js|jse|wsf|hta|lnk|iso|img|jar|msi|ps1|chm|one)$", re.IGNORECASE
)
_LURING = re.compile(r"\.(?:html?|shtml|svg|zip|rar|7z|xlsm|docm)$", re.IGNORECASE)
_DOUBLE = re.compile(r"\.(?:pdf|docx?|xlsx?|jpe?g|png|txt)\.[a-z0-9]{2,4}$", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\u00ad\ufeff\u202a-\u202e]")
# Letters of two scripts within one word: "paypal" with a Cyrillic a.
_MIXED_SCRIPTS = re.compile(r"[A-Za-z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][A-Za-z]")
_GAPPY = re.compile(r"\b(?:[A-Za-z][ ._*-]){4,}[A-Za-z]\b")
_BULK_MAILER = re.compile(
    r"mass ?mail|bulk|e-?mail ?blast|advanced mail|group ?mail|jpfree|dynamailer|mailking|diffondi|foxmail"
    r"|achi-kochi|php/?mailer|sendblaster|leaf ?mailer|microsoft cdo",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One fact with its weight; `holds` is a pure function."""

    name: str
    weight: float
    holds: Callable[[RawMessage, Content], bool]


def _words(*patterns: str) -> Callable[[RawMessage, Content], bool]:
    """Return whether subject or text holds any of the patterns, as whole words, any case."""
    found = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)
    return lambda _, content: bool(
        found.search(content.subject) or found.search(content.own_text, 0, _SCANNED_CHARACTERS)
    )


def _hosts(content: Content) -> list[str]:
    hosts: list[str] = []
    for url in content.urls[:100]:
        try:
            hosts.append((urlsplit(url if "//" in url else f"//{url}").hostname or "").lower())
        except ValueError:
            hosts.append("?")
    return [host for host in hosts if host]


def _numeric_host(_: RawMessage, content: Content) -> bool:
    return any(
        re.fullmatch(r"[\d.]+|0x[0-9a-f.x]+|\[?[0-9a-f:]+:[0-9a-f:]+\]?", host) for host in _hosts(content)
    )


def _odd_host(_: RawMessage, content: Content) -> bool:
    return any(
        host == "?" or host.startswith("xn--") or ".xn--" in host or "%" in host for host in _hosts(content)
    )


def _user_in_url(_: RawMessage, content: Content) -> bool:
    return any(re.match(r"https?://[^/?#\s]*@", url, re.IGNORECASE) for url in content.urls)


def _shortened(_: RawMessage, content: Content) -> bool:
    short = {"bit.ly", "t.co", "tinyurl.com", "goo.gl", "is.gd", "cutt.ly", "rb.gy", "ow.ly", "shorturl.at"}
    return any(host.removeprefix("www.") in short for host in _hosts(content))


def _link_only(_: RawMessage, content: Content) -> bool:
    words = len(re.findall(r"[^\W\d_]{2,}", re.sub(r"https?://\S+", " ", content.text[:5_000])))
    return bool(content.urls) and words < 25  # noqa: PLR2004 - two lines of text


def _image_only(_: RawMessage, content: Content) -> bool:
    return content.html.images > 0 and len(content.text.strip()) < 200 and bool(content.urls)  # noqa: PLR2004


def _hidden(_: RawMessage, content: Content) -> bool:
    return len(content.html.hidden.strip()) > 40  # noqa: PLR2004 - a preheader line is shorter


def _shouting_subject(_: RawMessage, content: Content) -> bool:
    letters = [letter for letter in content.subject if letter.isalpha()]
    return len(letters) > 8 and sum(letter.isupper() for letter in letters) > 0.8 * len(letters)  # noqa: PLR2004


def _shouting_text(_: RawMessage, content: Content) -> bool:
    words = re.findall(r"[^\W\d_]{4,}", content.text[:_SCANNED_CHARACTERS])
    return len(words) > 20 and sum(word.isupper() for word in words) > 0.25 * len(words)  # noqa: PLR2004


def _exclaiming(_: RawMessage, content: Content) -> bool:
    text = content.text[:_SCANNED_CHARACTERS]
    return "!!" in content.subject or "!!!" in text or text.count("!") > 6 + len(text) // 400


def _other_reply_to(_: RawMessage, content: Content) -> bool:
    """Answers go to a free mailbox of another name than the author's."""
    author = content.from_address
    return any(
        _FREE_MAIL.search(address) and address.rpartition("@")[2] != author.rpartition("@")[2]
        for address in content.reply_to
    )


def _name_shows_other_address(_: RawMessage, content: Content) -> bool:
    shown = re.search(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", content.from_name)
    return shown is not None and not content.from_address.endswith(shown.group(1).lower())


def _no_date_or_id(message: RawMessage, _: Content) -> bool:
    return not (message.count("Date") and message.count("Message-ID"))


def _markers_in_subject(_: RawMessage, content: Content) -> bool:
    return bool(re.search(r"\s{6,}\S{3,}\s*$|^\s*(?:adv|hi there)\s*[:!]", content.subject, re.IGNORECASE))


def _raw_octets_in_subject(message: RawMessage, _: Content) -> bool:
    subject = next((field.raw for field in message.fields if field.name.lower() == "subject"), b"")
    try:
        subject.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _base64_text(message: RawMessage, content: Content) -> bool:
    """Plain ASCII text in base64: nobody's mail program does that, filters are meant to miss it."""
    encoded = message.first("Content-Transfer-Encoding").lower() == "base64"
    return encoded and bool(content.text.strip()) and content.text.isascii()


def _attached(pattern: re.Pattern[str]) -> Callable[[RawMessage, Content], bool]:
    return lambda _, content: any(
        pattern.search(attachment.name.strip()) for attachment in content.attachments
    )


def _in_text(pattern: re.Pattern[str], least: int = 1) -> Callable[[RawMessage, Content], bool]:
    return lambda _, content: (
        sum(1 for _ in pattern.finditer(content.text[:_SCANNED_CHARACTERS])) >= least
        or bool(pattern.search(content.subject))
    )


FEATURES: tuple[Feature, ...] = (
    # Links and looks
    Feature("numeric-host", 2.2, _numeric_host),
    Feature("odd-host", 1.2, _odd_host),
    Feature("user-in-url", 1.5, _user_in_url),
    Feature("lying-link", 1.5, lambda _, content: content.html.lying_links > 0),
    Feature("shortened-link", 1.0, _shortened),
    Feature("link-and-little-text", 1.2, _link_only),
    Feature("image-and-little-text", 2.2, _image_only),
    Feature("html-only", 1.3, lambda _, content: content.html_only),
    Feature("form-or-script", 0.3, lambda _, content: content.html.forms > 0),
    Feature("hidden-text", 1.5, _hidden),
    Feature("shouting-subject", 1.6, _shouting_subject),
    Feature("shouting-text", 1.0, _shouting_text),
    Feature("exclaiming", 1.5, _exclaiming),
    # Who says he writes
    Feature("answers-to-free-mailbox", 2.0, _other_reply_to),
    Feature("name-shows-other-address", 2.0, _name_shows_other_address),
    Feature("no-date-or-message-id", 1.0, _no_date_or_id),
    Feature("no-recipient", 0.6, lambda message, _: not (message.count("To") or message.count("Cc"))),
    Feature("no-subject", 0.5, lambda _, content: not content.subject.strip()),
    Feature("subject-marker", 2.5, _markers_in_subject),
    Feature("bulk-mailer", 1.5, lambda message, _: bool(_BULK_MAILER.search(message.first("X-Mailer")))),
    # Tricks with characters and files
    Feature("subject-raw-octets", 1.0, _raw_octets_in_subject),
    Feature("charset-trouble", 0.8, lambda _, content: content.charset_trouble),
    Feature("base64-ascii", 1.5, _base64_text),
    Feature("mixed-scripts", 2.0, _in_text(_MIXED_SCRIPTS, 3)),
    Feature("invisible-characters", 1.2, _in_text(_INVISIBLE, 5)),
    Feature("gappy-words", 1.0, _in_text(_GAPPY)),
    Feature("program-attached", 4.0, _attached(_RUNNABLE)),
    Feature("double-extension", 3.0, _attached(_DOUBLE)),
    Feature("luring-attachment", 0.8, _attached(_LURING)),
    # What it wants: words of several languages, most of them seen in spam of the last twenty years
    Feature(
        "unsubscribe-talk",
        0.5,
        _words(
            r"unsubscribe",
            r"opt[- ]?(?:in|out)",
            r"remove(?:d)? (?:me )?from (?:our|this|the|future) (?:mailing )?(?:list|mailing)s?",
            r"to be removed",
            r"removal instructions",
            r"no longer wish to receive",
            r"abbestellen",
            r"se désabonner",
            r"désinscrire",
            r"darse de baja",
            r"cancellarsi",
            r"отписаться",
            r"退订",
        ),
    ),
    Feature(
        "claims-not-spam",
        2.0,
        _words(
            r"this is not (?:a )?spam",
            r"not (?:un)?solicited",
            r"s\.? ?1618",
            r"(?:one|1)[- ]time (?:mailing|e-?mail)",
            r"you (?:have )?(?:received|are receiving) this (?:e-?mail|message|mailing) because",
            r"(?:bill|section) \w+\.? ?(?:title|paragraph)",
            r"keine? spam",
        ),
    ),
    Feature(
        "money-promise",
        2.2,
        _words(
            r"make (?:money|\$|thousands)",
            r"extra (?:income|cash)",
            r"earn (?:up to |over |an? |\$)[\w$,. ]{0,20}(?:week|month|day|hour|year|income)",
            r"financial(?:ly)? (?:freedom|independen\w+)",
            r"work (?:from|at) home",
            r"home[- ]based business",
            r"get paid",
            r"be your own boss",
            r"risk[- ]free",
            r"no risk",
            r"money[- ]back guarantee",
            r"income opportunity",
            r"million(?:s)? (?:of )?(?:us )?dollars",
            r"geld verdienen",
            r"gagner de l.argent",
            r"ganar dinero",
            r"guadagna\w*",
            r"заработ\w+",
            r"doppelt? ihr geld",
            r"пассивн\w+ доход",
        ),
    ),
    Feature(
        "loan-and-debt",
        2.2,
        _words(
            r"mortgage(?:s| rates?)?",
            r"refinanc\w+",
            r"low(?:est)? (?:interest )?rates?",
            r"debt (?:consolidation|free|relief)",
            r"bad credit",
            r"credit (?:repair|problems|history)",
            r"pre-?approved",
            r"cash advance",
            r"life insurance",
            r"kredit(?:e)? ohne schufa",
            r"prêt (?:rapide|personnel)",
            r"préstamos?",
            r"займ\w*",
        ),
    ),
    Feature(
        "pharmacy",
        2.4,
        _words(
            r"viagra",
            r"cialis",
            r"levitra",
            r"phentermine",
            r"xanax",
            r"valium",
            r"hgh",
            r"human growth hormone",
            r"lose (?:weight|\d+ (?:pounds|lbs))",
            r"weight[- ]loss",
            r"penis",
            r"enlarge\w*",
            r"erect(?:ion|ile)\w*",
            r"online pharmacy",
            r"without (?:a )?prescription",
            r"libido",
            r"anti-?aging",
            r"potenzmittel",
            r"abnehmen",
            r"perdre du poids",
            r"виагра",
            r"похуде\w+",
            r"herbal",
        ),
    ),
    Feature(
        "adult",
        1.6,
        _words(
            r"xxx",
            r"porn\w*",
            r"(?:hot|sexy|naked|nude|horny) (?:\w+ )?(?:girls?|teens?|women|wives|babes?|singles?)",
            r"webcams?",
            r"adults? only",
            r"18\+",
            r"hardcore",
            r"sexy",
            r"lesbians?",
            r"escort(?:s|service)?",
            r"sexkontakte",
            r"интим\w*",
            r"viol\w* gratis",
        ),
    ),
    Feature(
        "advance-fee",
        2.6,
        _words(
            r"next of kin",
            r"beneficiary",
            r"barrister",
            r"inheritance (?:fund|claim)?",
            r"transfer (?:of )?the (?:sum|fund|money)s?",
            r"(?:united states|us|u\.s\.) dollars",
            r"strictly confidential",
            r"utmost (?:confidence|secrecy)",
            r"(?:foreign|bank) account (?:to|for|into)",
            r"lottery",
            r"you(?:r e-?mail)? (?:have|has) won",
            r"consignment",
            r"late (?:president|head of state|father|husband|client)",
            r"modest(?:y)? (?:proposal|gift)",
            r"erbschaft",
            r"héritage",
            r"herencia",
            r"наследств\w+",
            r"western union",
            r"gewonnen haben",
        ),
    ),
    Feature(
        "prize-and-free",
        1.2,
        _words(
            r"(?:absolutely|totally|100% ?) ?free",
            r"free (?:gift|trial|sample|membership|access|quote|cell|vacation|report|info\w*|download"
            r"|tv|dvd)s?",
            r"congratulations",
            r"you(?:'ve| have) (?:been )?(?:won|selected|approved)",
            r"claim your",
            r"no (?:cost|obligation)s?",
            r"gratis",
            r"kostenlos\w*",
            r"gratuit\w*",
            r"бесплатн\w+",
            r"免费",
            r"100% (?:guaranteed|legal|satisfaction)",
            r"satisfaction guaranteed",
        ),
    ),
    Feature(
        "urgency",
        1.2,
        _words(
            r"act now",
            r"limited time",
            r"(?:offer|special) (?:expires|ends)",
            r"don'?t (?:miss|delay|wait)",
            r"order (?:now|today)",
            r"click (?:here|below|on the link|this link)",
            r"call (?:now|today|toll[- ]free)",
            r"hurry",
            r"while supplies last",
            r"once in a lifetime",
            r"jetzt (?:kaufen|bestellen|klicken)",
            r"cliquez ici",
            r"haga clic",
            r"clicca qui",
            r"нажмите",
            r"nur (?:heute|kurze zeit)",
            r"点击",
        ),
    ),
    Feature(
        "bulk-offer",
        2.0,
        _words(
            r"bulk (?:e-?mail|mail)\w*",
            r"million (?:e-?mail )?(?:addresses|e-?mails)",
            r"e-?mail (?:addresses|lists?|marketing|advertising)",
            r"(?:targeted|opt-in) (?:e-?mail|leads|traffic)",
            r"search engine (?:ranking|placement|optimi[sz]ation|submission)s?",
            r"(?:rank|first page|#1|top) (?:\w+ )?(?:on|of|in) google",
            r"seo (?:services?|packages?|expert|company)",
            r"backlinks?",
            r"guest post\w*",
            r"web (?:design|development) (?:services|company)",
            r"increase (?:your )?(?:traffic|sales|rankings?|visibility)",
            r"merchant account",
            r"推广",
            r"发票",
            r"линкбилдинг",
            r"продвижени\w+ сайт\w+",
            r"referencement",
            r"link ?building",
        ),
    ),
    Feature(
        "stock-and-coin",
        1.8,
        _words(
            r"(?:hot|penny|otc|undervalued) stocks?",
            r"strong buy",
            r"investor alert",
            r"forward[- ]looking statements?",
            r"stock pick",
            r"crypto (?:investment|trading|profit)s?",
            r"bitcoin (?:profit|investment|wallet address|trading)",
            r"(?:double|triple) your (?:bitcoin|investment|money)",
            r"guaranteed (?:returns?|profits?)",
            r"binary options",
            r"forex (?:signals|trading)",
            r"usdt",
        ),
    ),
    Feature(
        "credential-lure",
        2.4,
        _words(
            r"(?:verify|confirm|update|validate|reactivate) your (?:\w+ ){0,2}(?:account|password"
            r"|mailbox|identity|e-?mail|wallet|information|billing)",
            r"(?:account|mailbox|e-?mail) (?:\w+ ){0,3}(?:suspended|limited|deactivated|locked|full"
            r"|quota|terminated)",
            r"unusual (?:sign-?in|activity|login)",
            r"password (?:will |is )?(?:expire\w*|about to expire)",
            r"konto (?:\w+ ){0,2}(?:gesperrt|eingeschränkt)",
            r"compte (?:\w+ ){0,2}(?:suspendu|bloqué)",
            r"cuenta (?:\w+ ){0,2}(?:suspendida|bloqueada)",
            r"passwort läuft ab",
            r"(?:undelivered|pending|held) (?:messages|mails|e-?mails)",
            r"(?:storage|quota) (?:limit|exceeded)",
            r"seed phrase",
            r"recovery phrase",
        ),
    ),
    Feature(
        "extortion",
        3.5,
        _words(
            r"(?:recorded|filmed) you",
            r"your (?:web)?cam(?:era)?",
            r"i (?:have )?(?:hacked|infected) (?:your|you)",
            r"rat software",
            r"masturbat\w+",
            r"(?:pay|send|transfer) (?:me )?\$?\d+ ?(?:\$|usd|dollars|euros?|btc|bitcoin)?(?: in"
            r"| worth of)? (?:bitcoin|btc)",
        ),
    ),
    Feature(
        "domain-scare",
        2.2,
        _words(
            r"(?:domain|website|listing) (?:\w+ ){0,3}(?:expiration|expiry|termination) (?:notice"
            r"|notification)",
            r"(?:final|last) (?:notice|reminder) (?:\w+ ){0,4}(?:domain|website|seo|search engine)",
            r"internet keyword",
            r"(?:domain|trademark) registration (?:in (?:china|asia)|service|invoice|center)",
            r"asia(?:n)? domain",
            r"search engine (?:registration|listing) (?:invoice|fee|renewal)",
        ),
    ),
)
