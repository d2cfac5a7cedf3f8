"""What mail servers write, by reason: a table of phrases.

The first row that matches decides, so the certain ones stand first: what names a filter, a quota or a
policy before what names the user, and words that every refusal may hold at the end. Facts seen in real
reports, in English unless a server writes in no other language. Addresses are replaced by ADDR and white
space is one blank before a text is compared; every gap is bounded, so that hostile text costs no more than
its length.
"""

import re

from mailrelay.reports.reading.patterns import either

# Words in capitals stand in the table for one of these.
_WORDS = {
    "WHO": r"(?:user|recipient|mail ?box|address|account|addressee|alias|login|destinataire|person"
    r"|subscriber|customer|userid|local.?part)",
    "BOX": r"(?:mail ?box|mail ?folder|in ?box|mail ?drop|folder|account|user|recipient|storage|directory)",
    "SITE": r"(?:host|domain|system)",
    "SENDER": r"(?:sender|return.path|(?:envelope|header|mail).from|from (?=address|domain|header))",
    "ABSENT": r"(?:unknown"
    r"|not (?:be )?(?:found|known|exists?|recogni[sz]ed|listed|valid|registered|here|find)"
    r"|(?:does|do|did)(?: not|n't) (?:exist|match|have)|non-?existent|inconnue?|unbekannt"
    r"|desconocid\w|sconosciut\w)",
    "WRONG": r"(?:unknown|no such|invalid|illegal|bad|non-?existent|unrouteable|unroutable)",
    "REFUSED": r"(?:reject|refus|denied|block|fail|prohib|disallow)",
    "CLOSED": r"(?:disabled|suspend\w*|discontinued|inactive|frozen|locked|deactivated|terminated|not active"
    r"|closed|cancell?ed|dormant|expired|temporarily (?:unavailable|blocked)|no longer active|on hold)",
}

_TABLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "system-error",
        (
            r"command output",
            r"pipe to",
            r"no such file",
            r"generated during the delivery",
            r"unknown mail transport",
            r"(?:could ?not|couldn't|can't|cannot|unable to) (?:create|open|write|execute|lock)",
        ),
    ),
    ("rejected", (r"groups\.google\.com",)),
    (
        "no-such-user",
        (
            r"recipient address(?:es)? rejected ?: access denied",
            r"requested action not taken: mailbox unavailable",
        ),
    ),
    (
        "recipient-refuses",
        (
            r"(?:recipient|user).{0,20}preferences",
            r"recipient (?:has )?refuse[sd]",
            r"(?:rejected|refused) by (?:the )?recipient",
        ),
    ),
    (
        "auth-failure",
        (
            r"\b(?:spf|dmarc|dkim|domainkeys)\b",
            r"unauthenticated (?:e-?mail|messages?|sender)",
            r"authentication checks? failed",
            r"sender id ",
            r"(?:e-?mail|sender|message) authentication",
        ),
    ),
    (
        "reverse-dns",
        (
            r"reverse.{0,10}dns",
            r"\bptr\b",
            r"reverse (?:lookup|hostname|address|mapping)",
            r"rdns",
            r"unverifyable",
            r"find your (?:reverse )?host ?name",
            r"(?:ip|client) address.{0,30}(?:not resolve|no name)",
        ),
    ),
    ("virus", (r"\bvirus", r"malware", r"infected")),
    (
        "over-rate",
        (
            r"too many (?:connections?|concurrent|errors|sessions|unknown|invalid|attempts)",
            r"too many (?:recipients|messages|e?-?mails)(?! (?:in|on|stored))",
            r"(?:rate|connection|frequency|session|hourly|daily|sending|receiving)s? ?(?:is )?limit",
            r"frequency",
            r"rate.{0,20}exceed",
            r"throttl",
            r"exceed.{0,30}(?:rate|hourly|daily|per hour)",
            r"concurren",
            r"(?:sending|receiving|sent|receive).{0,20}too (?:fast|often|quickly)",
            r"unusual rate",
        ),
    ),
    (
        "mailbox-full",
        (
            r"(?:BOX|quota)[^.\n]{0,40}\bfull\b",
            r"\bfull (?:mail|in) ?box",
            r"over ?-?(?:disk ?|storage |the )?quota",
            r"quota.{0,30}(?:exceed|exhaust|full|over|reach|violat)",
            r"exceed.{0,40}(?:quota|storage|mailbox size|space|allowed size|allocation)",
            r"BOX.{0,40}(?:exceed|over (?:its|the|quota)|out of (?:space|storage)|too large|limit)",
            r"out of (?:disk|storage|quota|space)",
            r"(?:insufficient|not enough|no) (?:system |disk |free |mail ?box |storage )*(?:storage|space)",
            r"(?:storage|space).{0,20}(?:exceed|exhaust|full)",
            r"too many (?:e?-?mails?|messages) (?:in|on|stored)",
            r"reached (?:its |the |disk )*quota",
            r"容量",
            r"いっぱい",
        ),
    ),
    (
        "mailbox-disabled",
        (
            r"\b(?:WHO|domain)\b.{0,60}\bCLOSED",
            r"\b(?:disabled|suspended|inactive|deactivated|expired) (?:recipient|account|mailbox|user)",
            r"not (?:currently )?active",
        ),
    ),
    (
        "moved",
        (
            r"user not local",
            r"not our (?:user|customer)",
            r"WHO.{0,20}\bmoved",
            r"(?:address|user).{0,20}(?:has )?changed",
            r"no longer (?:at|with|in use|use)",
            r"new (?:e-?mail )?address",
            r"moved to",
        ),
    ),
    (
        "no-mail-service",
        (
            r"null ?mx",
            r"(?:not|n't) (?:accept|receiv)(?:e|ing)?(?: any)? (?:e-?)?mail(?!s? (?:from|x))",
            r"no smtp service",
            r"smtp service.{0,20}not",
            r"find a mail exchanger",
        ),
    ),
    (
        "relay-denied",
        (
            r"relay(?:ing)?(?: access| mail| attempt)? ?(?:is )?(?:REFUSED|not|through)",
            r"(?:not|denied|unable|can(?:no|')t|no|don't|without)[^.\n]{0,30}\brelay(?! recipient| domain)",
            r"(?:refus|disallow)\w*[^.\n]{0,30}\brelay(?! recipient| domain)",
            r"not.{0,30}\brcpthosts",
            r"in my list of allowed rcpthosts",
            r"smtp authentication",
            r"authentication (?:is )?required",
            r"must (?:first )?authenticate",
        ),
    ),
    (
        "network-error",
        (
            r"host not found, try again",
            r"host name lookup failure",
            r"dns (?:error|failure)",
            r"lost connection",
            r"could not resolve",
            r"lookup.{0,30}fail",
            r"\bloop",
            r"too many hops",
            r"hop count",
            r"routing error",
            r"name server.{0,20}(?:fail|timeout)",
            r"temporary (?:dns|name)",
        ),
    ),
    (
        "sender-rejected",
        (
            r"SENDER'?s?[ :](?:e-?mail )?(?:address|domain|host)?.{0,40}(?:REFUSED|ABSENT|WRONG)",
            r"SENDER'?s?[ :](?:e-?mail )?(?:address|domain|host)?.{0,40}(?:not |verif|exist)",
            r"domain of sender",
            r"not (?:a )?member",
            r"not allowed to (?:post|send)",
            r"mail from.{0,40}(?:REFUSED|invalid)",
            r"(?:unable|failed|could not|cannot) to? ?verify (?:the )?sender",
            r"backscatter",
        ),
    ),
    (
        "host-unknown",
        (
            r"SITE(?: name| part)?[^.\n]{0,30}(?:ABSENT|invalid|no longer exists)",
            r"SITE(?: name)? [\w.-]{1,60} ABSENT",
            r"SITE(?: name| part)?[^.\n]{0,30}(?:not reachable|is unreachable)",
            r"WRONG(?: mail| or illegal| address| destination| recipient)* SITE",
            r"find any host",
            r"nxdomain",
            r"host not found",
            r"name service error",
            r"mx records? (?:point|for)",
            r"no (?:valid )?mx",
            r"unable to route",
            r"no.{0,10}route to (?:domain|host)",
            r"not an? (?:mail|valid) (?:host|domain)",
        ),
    ),
    (
        "no-such-user",
        (
            r"(?<!sender )\bWHOs?(?: name| id| address| ADDR)?(?: \S+)?(?: is| was|,| -|:)? ?\bABSENT",
            r"\bWRONG (?:or \w+ |local |virtual |destination |final |e-?mail |delivery )*WHO(?! of sender)",
            r"ADDR>? (?:is )?rejected",
            r"recipnotfound",
            r"doesn't have (?:an? )?\S+ account",
        ),
    ),
    (
        "spam-blocked",
        (
            r"\bspam(?!haus|cop)",
            r"unsolicited",
            r"\bbulk",
            r"junk",
            r"\buce\b",
            r"suspicious",
            r"content (?:filter|reject)",
        ),
    ),
    (
        "blocked",
        (
            r"black ?-?list",
            r"block(?:ed|list| ?list|ing)",
            r"\b[a-z]{0,10}rbl\b",
            r"dnsbl",
            r"spamhaus",
            r"\bdsbl",
            r"sorbs",
            r"reputation",
            r"\bbanned",
            r"abuse",
            r"access denied",
            r"complain",
            r"\bdenied (?:access|by)",
            r"(?:bad|your|sending|client|from this|from that|the|this) ip\b",
            r"connection (?:refused|reject)",
            r"refused to talk",
            r"(?:not|no) (?:accept|permit)\w* (?:mail|connections|messages) from",
            r"use the smtp server",
            r"temporarily deferred",
            r"unwanted",
            r"service refuse",
            r"client host",
            r"aup#",
            r"error codes? section",
            r"\bhelo\b",
        ),
    ),
    (
        "too-large",
        (
            r"(?:message|mail|size|length).{0,30}(?:too (?:big|large)|exceed)",
            r"too (?:big|large)",
            r"size limit",
            r"exceed.{0,40}(?:maximum|max|limit).{0,20}(?:message|size|length)",
            r"\bmessage.{0,20}too long",
            r"larger than",
        ),
    ),
    (
        "sender-rejected",
        (
            r"sender (?:address|domain|host|is|was|not|ADDR)",
            r"return(?:ing)? (?:address|path)",
            r"permission",
            r"from address",
            r"not authorized",
            r"unauthori[sz]ed",
            r"security",
        ),
    ),
    (
        "expired",
        (
            r"expired",
            r"timed? ?out",
            r"too long",
            r"retry time",
            r"has been delayed",
            r"not yet been",
            r"could not (?:be )?deliver(?:ed)? (?:for|within|after)",
            r"(?:delayed|retried)",
            r"unable to deliver (?:this message )?(?:after|in|for)",
            r"time.{0,20}exceed",
            r"still being retried",
            r"undelivered (?:after|for)",
            r"warning: (?:message|could not)",
        ),
    ),
    (
        "no-such-user",
        (
            r"WHO[^\n]{0,60}?(?:ABSENT|invalid|undeliverable|unavailable|unrouteable|incorrect|nicht)",
            r"WHO[^\n]{0,60}?not (?:be )?(?:available|local|our|unique|located)",
            r"WHO[^\n]{0,60}?not an? (?:valid|known|registered)",
            r"WHO[^\n]{0,60}?(?:not (?:accepted|correct|reachable)|n't (?:be )?(?:exist|found|have)|doesn't)",
            r"(?:empf\w+|usu\w+|utente|destinatario|utilisateur)[^\n]{0,60}?(?:ABSENT|nicht|no existe)",
            r"non recens",
            r"(?:WRONG|no|undeliverable|incorrect|improper)(?: \w+){0,2} ?(?:WHO|name\b|id\b)",
            r"not a (?:registered|known|valid)",
            r"(?:isn't|is not) (?:a |an )?(?:known|valid|active|registered|listed|our)",
            r"no mail ?box",
            r"here by that name",
            r"(?:could|can) ?not (?:find|be found|locate)",
            r"wasn.t found",
            r"(?:address|recipient) rejected",
            r"not (?:exist|listed|found)",
            r"no account",
            r"not a user",
            r"mail ?box (?:name )?not allowed",
            r"mailbox unavailable",
            r"user disabled",
            r"not one of our",
            r"no one",
            r"nobody",
            r"does not like recipient",
            r"^unknown",
            r"存在",
            r"見つか",
            r"ありません",
        ),
    ),
    (
        "policy",
        (
            r"polic",
            r"not allowed",
            r"complian",
            r"rfc ?\d",
            r"header",
            r"local rule",
            r"violat",
            r"prohibit",
            r"forbid",
            r"content",
            r"attachment",
            r"message (?:was |is |has been )?(?:reject|refus|not accept|filter)",
        ),
    ),
    ("rejected", (r"reject", r"refus", r"not accept", r"filter", r"denied")),
    (
        "system-error",
        (
            r"ldap",
            r"internal",
            r"(?:service|server|system).{0,40}(?:unavailable|error|fail|not available|down)",
            r"config",
            r"local error",
            r"temporary",
            r"try again",
            r"i/o",
            r"resources",
            r"unable to",
            r"command (?:died|time)",
            r"mailer",
            r"can't",
        ),
    ),
    ("network-error", (r"connect", r"network", r"\bdns\b", r"name server", r"unreachable")),
)


def _compiled(phrases: tuple[str, ...]) -> re.Pattern[str]:
    pattern = either(*phrases)
    for name, words in _WORDS.items():
        pattern = pattern.replace(name, words)
    return re.compile(pattern, re.IGNORECASE)


PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, _compiled(phrases)) for reason, phrases in _TABLE
)
"""(reason, what to search for), in the order in which they are tried."""
