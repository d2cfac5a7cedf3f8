"""What spam wants, in its own words: phrases of several languages, most of them seen in twenty years of it.

One table per business. A phrase counts in the subject or in the sender's own text, not in what he quotes.
Before each pattern stand words of which every match holds at least one: a text is searched for the pattern
only where it has one of them. They are of letters alone; `porn*` stands for what is looked for anywhere.
"""

import re
from dataclasses import dataclass

from mailrelay.content.words import Words


@dataclass(frozen=True, slots=True)
class Business:
    """What somebody wants, with its weight and its phrases, each as (words, pattern), in lower case."""

    name: str
    weight: float
    phrases: tuple[tuple[str, str], ...]


def businesses_in(*texts: Words) -> frozenset[str]:
    """Return the names of the businesses of which any of the texts holds a phrase, as whole words."""
    found: set[str] = set()
    for words in texts:
        text = words.text
        for word in words.among(_WORDS):
            found.update(name for name, pattern in _BY_WORD[word] if _stands_in(text, pattern))
        for begins, name, pattern in _BY_BEGINNING_ASCII if text.isascii() else _BY_BEGINNING:
            if begins in text and _stands_in(text, pattern):
                found.add(name)
    return frozenset(found)


def _stands_in(text: str, pattern: re.Pattern[str]) -> bool:
    """Return whether the pattern matches where a word begins."""
    found = pattern.search(text)
    while found:
        start = found.start()
        if not start or not (text[start - 1].isalnum() or text[start - 1] == "_"):
            return True
        found = pattern.search(text, start + 1)
    return False


BUSINESSES: tuple[Business, ...] = (
    Business(
        "unsubscribe-talk",
        0.1,  # in four fifths of honest list mail as well
        (
            ("unsubscribe", r"unsubscribe"),
            ("optin optout opt", r"opt[- ]?(?:in|out)"),
            (
                "removed remove",
                r"remove(?:d)? (?:me )?from (?:our|this|the|future) (?:mailing )?(?:list|mailing)s?",
            ),
            ("removed", r"to be removed"),
            ("removal", r"removal instructions"),
            ("wish", r"no longer wish to receive"),
            ("abbestellen", r"abbestellen"),
            ("désabonner", r"se désabonner"),
            ("désinscrire", r"désinscrire"),
            ("baja", r"darse de baja"),
            ("cancellarsi", r"cancellarsi"),
            ("отписаться", r"отписаться"),
            ("退订", r"退订"),
        ),
    ),
    Business(
        "claims-not-spam",
        2.0,
        (
            ("spam", r"this is not (?:a )?spam"),
            ("unsolicited solicited", r"not (?:un)?solicited"),
            ("1618*", r"s\.? ?1618"),
            ("time", r"(?:one|1)[- ]time (?:mailing|e-?mail)"),
            (
                "received receiving",
                r"you (?:have )?(?:received|are receiving) this (?:e-?mail|message|mailing) because",
            ),
            ("bill section", r"(?:bill|section) \w+\.? ?(?:title|paragraph)"),
            ("kein keine", r"keine? spam"),
        ),
    ),
    Business(
        "money-promise",
        2.2,
        (
            ("make", r"make (?:money|\$|thousands)"),
            ("income cash", r"extra (?:income|cash)"),
            ("earn", r"earn (?:up to |over |an? |\$)[\w$,. ]{0,20}(?:week|month|day|hour|year|income)"),
            ("financially financial", r"financial(?:ly)? (?:freedom|independen\w+)"),
            ("home", r"work (?:from|at) home"),
            ("based", r"home[- ]based business"),
            ("paid", r"get paid"),
            ("boss", r"be your own boss"),
            ("risk", r"risk[- ]free"),
            ("risk", r"no risk"),
            ("guarantee", r"money[- ]back guarantee"),
            ("income", r"income opportunity"),
            ("dollars", r"million(?:s)? (?:of )?(?:us )?dollars"),
            ("verdienen", r"geld verdienen"),
            ("gagner", r"gagner de l.argent"),
            ("dinero", r"ganar dinero"),
            ("guadagna*", r"guadagna\w*"),
            ("заработ*", r"заработ\w+"),
            ("geld", r"doppelt? ihr geld"),
            ("доход", r"пассивн\w+ доход"),
        ),
    ),
    Business(
        "loan-and-debt",
        2.2,
        (
            ("mortgages mortgage", r"mortgage(?:s| rates?)?"),
            ("refinanc*", r"refinanc\w+"),
            ("rates rate", r"low(?:est)? (?:interest )?rates?"),
            ("debt", r"debt (?:consolidation|free|relief)"),
            ("credit", r"bad credit"),
            ("credit", r"credit (?:repair|problems|history)"),
            ("preapproved approved", r"pre-?approved"),
            ("advance", r"cash advance"),
            ("insurance", r"life insurance"),
            ("schufa", r"kredit(?:e)? ohne schufa"),
            ("prêt", r"prêt (?:rapide|personnel)"),
            ("préstamo préstamos", r"préstamos?"),
            ("займ*", r"займ\w*"),
        ),
    ),
    Business(
        "pharmacy",
        2.4,
        (
            ("viagra", r"viagra"),
            ("cialis", r"cialis"),
            ("levitra", r"levitra"),
            ("phentermine", r"phentermine"),
            ("xanax", r"xanax"),
            ("valium", r"valium"),
            ("hgh", r"hgh"),
            ("hormone", r"human growth hormone"),
            ("lose", r"lose (?:weight|\d+ (?:pounds|lbs))"),
            ("loss", r"weight[- ]loss"),
            ("penis", r"penis"),
            ("enlarge*", r"enlarge\w*"),
            ("erection* erectile*", r"erect(?:ion|ile)\w*"),
            ("pharmacy", r"online pharmacy"),
            ("prescription", r"without (?:a )?prescription"),
            ("libido", r"libido"),
            ("antiaging aging", r"anti-?aging"),
            ("potenzmittel", r"potenzmittel"),
            ("abnehmen", r"abnehmen"),
            ("poids", r"perdre du poids"),
            ("виагра", r"виагра"),
            ("похуде*", r"похуде\w+"),
            ("herbal", r"herbal"),
        ),
    ),
    Business(
        "adult",
        1.6,
        (
            ("xxx", r"xxx"),
            ("porn*", r"porn\w*"),
            (
                "hot sexy naked nude horny",
                r"(?:hot|sexy|naked|nude|horny) (?:\w+ )?(?:girls?|teens?|women|wives|babes?|singles?)",
            ),
            ("webcams webcam", r"webcams?"),
            ("adults adult", r"adults? only"),
            ("18+*", r"18\+"),
            ("hardcore", r"hardcore"),
            ("sexy", r"sexy"),
            ("lesbians lesbian", r"lesbians?"),
            ("escorts escortservice escort", r"escort(?:s|service)?"),
            ("sexkontakte", r"sexkontakte"),
            ("интим*", r"интим\w*"),
            ("gratis", r"viol\w* gratis"),
        ),
    ),
    Business(
        "advance-fee",
        2.6,
        (
            ("kin", r"next of kin"),
            ("beneficiary", r"beneficiary"),
            # Honest barristers sign so, buyers offer dollars, and lawyers write in strict confidence.
            ("barrister", r"(?:i am|this is|from|contact) (?:the )?barrister"),
            ("inheritance", r"inheritance (?:fund|claim)?"),
            ("transfer", r"transfer (?:of )?the (?:sum|fund|money)s?"),
            ("million", r"million (?:united states|us|u\.s\.|american) dollars"),
            ("utmost", r"utmost (?:confidence|secrecy)"),
            ("foreign bank", r"(?:foreign|bank) account (?:to|for|into)"),
            ("lottery", r"lottery"),
            ("won", r"you(?:r e-?mail)? (?:have|has) won"),
            ("consignment", r"consignment"),
            ("late", r"late (?:president|head of state|father|husband|client)"),
            ("modesty modest", r"modest(?:y)? (?:proposal|gift)"),
            ("erbschaft", r"erbschaft"),
            ("héritage", r"héritage"),
            ("herencia", r"herencia"),
            ("наследств*", r"наследств\w+"),
            ("union", r"western union"),
            ("gewonnen", r"gewonnen haben"),
        ),
    ),
    Business(
        "prize-and-free",
        1.2,
        (
            ("absolutelyfree totallyfree absolutely totally 100%*", r"(?:absolutely|totally|100% ?) ?free"),
            (
                "free",
                (
                    r"free (?:gift|trial|sample|membership|access|quote|cell|vacation"
                    r"|report|info\w*|download|tv"
                    r"|dvd)s?"
                ),
            ),
            ("congratulations", r"congratulations"),
            ("won selected approved", r"you(?:'ve| have) (?:been )?(?:won|selected|approved)"),
            ("claim", r"claim your"),
            ("obligations costs cost obligation", r"no (?:cost|obligation)s?"),
            ("gratis", r"gratis"),
            ("kostenlos*", r"kostenlos\w*"),
            ("gratuit*", r"gratuit\w*"),
            ("бесплатн*", r"бесплатн\w+"),
            ("免费", r"免费"),
            ("guaranteed legal satisfaction", r"100% (?:guaranteed|legal|satisfaction)"),
            ("satisfaction", r"satisfaction guaranteed"),
        ),
    ),
    Business(
        "urgency",
        1.2,
        (
            ("act", r"act now"),
            ("limited", r"limited time"),
            ("expires ends", r"(?:offer|special) (?:expires|ends)"),
            ("miss delay wait", r"don'?t (?:miss|delay|wait)"),
            ("order", r"order (?:now|today)"),
            ("click", r"click (?:here|below|on the link|this link)"),
            ("call", r"call (?:now|today|toll[- ]free)"),
            ("hurry", r"hurry"),
            ("supplies", r"while supplies last"),
            ("lifetime", r"once in a lifetime"),
            ("jetzt", r"jetzt (?:kaufen|bestellen|klicken)"),
            ("cliquez", r"cliquez ici"),
            ("haga", r"haga clic"),
            ("clicca", r"clicca qui"),
            ("нажмите", r"нажмите"),
            ("nur", r"nur (?:heute|kurze zeit)"),
            ("点击", r"点击"),
        ),
    ),
    Business(
        "bulk-offer",
        2.0,
        (
            ("bulk", r"bulk (?:e-?mail|mail)\w*"),
            ("million", r"million (?:e-?mail )?(?:addresses|e-?mails)"),
            (
                "addresses list lists marketing advertising",
                r"e-?mail (?:addresses|lists?|marketing|advertising)",
            ),
            ("targeted opt", r"(?:targeted|opt-in) (?:e-?mail|leads|traffic)"),
            ("engine", r"search engine (?:ranking|placement|optimi[sz]ation|submission)s?"),
            ("google", r"(?:rank|first page|#1|top) (?:\w+ )?(?:on|of|in) google"),
            ("seo", r"seo (?:services?|packages?|expert|company)"),
            ("backlinks backlink", r"backlinks?"),
            ("guest", r"guest post\w*"),
            ("design development", r"web (?:design|development) (?:services|company)"),
            ("increase", r"increase (?:your )?(?:traffic|sales|rankings?|visibility)"),
            ("merchant", r"merchant account"),
            ("推广", r"推广"),
            ("发票", r"发票"),
            ("линкбилдинг", r"линкбилдинг"),
            ("продвижени*", r"продвижени\w+ сайт\w+"),
            ("referencement", r"referencement"),
            ("linkbuilding building", r"link ?building"),
        ),
    ),
    Business(
        "stock-and-coin",
        1.8,
        (
            ("hot penny otc undervalued", r"(?:hot|penny|otc|undervalued) stocks?"),
            ("strong", r"strong buy"),
            ("alert", r"investor alert"),
            ("forward", r"forward[- ]looking statements?"),
            ("stock", r"stock pick"),
            ("crypto", r"crypto (?:investment|trading|profit)s?"),
            ("bitcoin", r"bitcoin (?:profit|investment|wallet address|trading)"),
            ("double triple", r"(?:double|triple) your (?:bitcoin|investment|money)"),
            ("guaranteed", r"guaranteed (?:returns?|profits?)"),
            ("binary", r"binary options"),
            ("forex", r"forex (?:signals|trading)"),
            ("usdt", r"usdt"),
        ),
    ),
    Business(
        "credential-lure",
        2.4,
        (
            (
                "verify confirm update validate reactivate",
                (
                    r"(?:verify|confirm|update|validate"
                    r"|reactivate) your (?:\w+ ){0,2}(?:account|password|mailbox"
                    r"|identity|e-?mail|wallet|information|billing)"
                ),
            ),
            (
                "suspended limited deactivated locked full quota terminated",
                (
                    r"(?:account|mailbox|e-?mail) (?:\w+ ){0,3}(?:suspended|limited"
                    r"|deactivated|locked|full|quota"
                    r"|terminated)"
                ),
            ),
            ("unusual", r"unusual (?:sign-?in|activity|login)"),
            ("password", r"password (?:will |is )?(?:expire\w*|about to expire)"),
            ("konto", r"konto (?:\w+ ){0,2}(?:gesperrt|eingeschränkt)"),
            ("compte", r"compte (?:\w+ ){0,2}(?:suspendu|bloqué)"),
            ("cuenta", r"cuenta (?:\w+ ){0,2}(?:suspendida|bloqueada)"),
            ("läuft", r"passwort läuft ab"),
            ("undelivered pending held", r"(?:undelivered|pending|held) (?:messages|mails|e-?mails)"),
            ("limit exceeded", r"(?:storage|quota) (?:limit|exceeded)"),
            ("seed", r"seed phrase"),
            ("recovery", r"recovery phrase"),
        ),
    ),
    Business(
        "extortion",
        3.5,
        (
            ("recorded filmed", r"(?:recorded|filmed) you"),
            ("webcamera webcam camera cam", r"your (?:web)?cam(?:era)?"),
            ("hacked infected", r"i (?:have )?(?:hacked|infected) (?:your|you)"),
            ("rat", r"rat software"),
            ("masturbat*", r"masturbat\w+"),
            (
                "btc bitcoin",
                (
                    r"(?:pay|send|transfer) (?:me )?\$?\d+ ?(?:\$|usd|dollars|euros?|btc|bitcoin)?(?: in"
                    r"| worth of)? (?:bitcoin|btc)"
                ),
            ),
        ),
    ),
    Business(
        "domain-scare",
        2.2,
        (
            (
                "expiration expiry termination",
                (
                    r"(?:domain|website|listing) (?:\w+ ){0,3}(?:expiration|expiry|termination) (?:notice"
                    r"|notification)"
                ),
            ),
            (
                "notice reminder",
                r"(?:final|last) (?:notice|reminder) (?:\w+ ){0,4}(?:domain|website|seo|search engine)",
            ),
            ("keyword", r"internet keyword"),
            (
                "registration",
                r"(?:domain|trademark) registration (?:in (?:china|asia)|service|invoice|center)",
            ),
            ("asian asia", r"asia(?:n)? domain"),
            ("registration listing", r"search engine (?:registration|listing) (?:invoice|fee|renewal)"),
        ),
    ),
)

_BY_WORD: dict[bytes, list[tuple[str, re.Pattern[str]]]] = {}
_BY_BEGINNING: list[tuple[str, str, re.Pattern[str]]] = []
for _business in BUSINESSES:
    for _words, _phrase in _business.phrases:
        # Without a look behind at its start, so that `re` can leap to its first letters.
        _pattern = re.compile(rf"(?:{_phrase})(?!\w)")
        for _word in _words.split():
            if _word.endswith("*"):
                _BY_BEGINNING.append((_word.removesuffix("*"), _business.name, _pattern))
            else:
                _BY_WORD.setdefault(_word.encode(), []).append((_business.name, _pattern))
_WORDS = frozenset(_BY_WORD)
_BY_BEGINNING_ASCII = [one for one in _BY_BEGINNING if one[0].isascii()]
