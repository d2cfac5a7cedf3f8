"""Words that say nothing of a person, and the ways to write those that do: the tables of `forms`.

All are in bare form (`folding`), so that one spelling stands for all.
"""


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


# How "@" and "." are spelled out.
AT = ("at", "aet", "arroba", "chez", "chiocciola", "kukac", "snabela", "apestaart", "sobaka", "affe")
DOT = (
    "dot",
    "punkt",
    "point",
    "punto",
    "ponto",
    "punt",
    "prikk",
    "piste",
    "tecka",
    "kropka",
    "tochka",
    "pont",
)

# Local parts that name an office, not a person (RFC 2142 and what is usual).
ROLES = _words(
    """
    abuse accounts admin administrator anfrage billing bonjour booking buchhaltung bureau ciao commercial
    compras comptabilite contabilidad contact contacto contato contatti correo direction domain domains
    einkauf email empfang enquiries finance ftp general hallo hej hello hey hola hostmaster hr help info
    information infos inquiries inquiry invoice it jobs kontakt mail mailbox marketing me media news
    newsletter noc noreply office order orders orga oficina owner personal post postmaster praxis presse
    press privacy privat reception registrar request rechnung root sales secretariat secretary security
    sekretariat service shop spam staff studio subscribe support team tech technik technical test user
    usenet uucp vendas ventas verkauf verwaltung webmaster whois work www
    """
)

# Providers of mailboxes for everybody: such a domain shows nobody. A name without a point is any TLD's.
PROVIDERS = _words(
    """
    126.com 139.com 163.com 188.com 263.net 2degrees.co.nz aim.com alice.it aliyun.com aol ameritech.net
    arcor.de att.net bell.net bellsouth.net bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluemail.ch
    bluewin.ch bol.com.br btinternet.com btopenworld.com caramail.com centrum.cz charter.net
    club-internet.fr comcast.net cox.net daum.net docomo.ne.jp earthlink.net email.com email.cz email.it
    eircom.net ezweb.ne.jp fastmail free.fr freemail.hu freenet.de frontier.com frontiernet.net gmail gmx
    googlemail.com hanmail.net hispavista.com hotmail hushmail icloud.com ig.com.br inbox.lv inbox.ru
    inode.at interia.pl juno.com kabelmail.de kakao.com kpnmail.nl laposte.net latinmail.com libero.it
    list.ru live mac.com mail.bg mail.com mail.de mail.ee mail.ru mailbox.org mailfence.com me.com msn.com
    mts.net mweb.co.za nate.com naver.com netcologne.de neuf.fr netscape.net netzero.net nifty.com
    ntlworld.com numericable.fr o2.pl o2online.de online.de online.no onet.pl op.pl optonline.net
    optusnet.com.au orange.fr orange.net outlook planet.nl pobox.com posteo.de posteo.net poczta.fm
    prodigy.net.mx proton.me protonmail.ch protonmail.com pm.me qq.com rambler.ru rediffmail.com
    rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sina.cn
    sky.com skynet.be softbank.ne.jp sohu.com spray.se startmail.com sunrise.ch sympatico.ca t-online.de
    talktalk.net telefonica.net telenet.be telia.com teleworm.us telus.net terra.com.br terra.es tim.it
    tin.it tiscali.co.uk tiscali.it tlen.pl tutanota.com tuta.io tuta.com ukr.net uol.com.br upcmail.nl
    utanet.at verizon.net videotron.ca virgilio.it virginmedia.com vodafone.de vodafone.it volny.cz
    wanadoo.fr web.de windowslive.com wp.pl xs4all.nl xtra.co.nz ya.ru yahoo yandex yeah.net ymail.com
    yopmail.com zeelandnet.nl ziggo.nl zoho.com zonnet.nl
    """
)

# Before or after a name, and no part of it.
TITLES = _words(
    """
    mr mrs ms miss mx dr prof professor sir dame lord lady rev fr hon capt herr herrn frau fraulein dipl
    ing mag phd md dds dvm jr sr ii iii iv m mme mlle monsieur madame mademoiselle maitre me senor senora
    srta sra don dona sig sigra signor signora dott dottssa dhr mevr mw drs ir fru univprof bsc msc ba ma
    mba bc csc doc esq san sama
    """
)

# Part of the name that follows.
PARTICLES = _words(
    """
    af al av bin da das de del dello den der des di do dos du e el ibn la las le los ten ter van vom von y
    zu zum zur
    """
)

# Family names that are words too, or of many thousands: alone they count only where somebody signs with them.
WORDS_TOO = _words(
    """
    abbey bach back baker bank banks bauer bell berg best bird bishop black bloom blum brand brook brown
    burg burns bush butler carpenter case cash chance church clay close cook cooper counts court cross day
    dean drake fairly faith farmer field fields fisher ford forest fox franc franco frank freitag frost
    fuchs garden gardener glass gold good grace grand grant gray green grey gross grove hall hand hardy
    hart heath herbst hill holland holmes home hoop hope house hunt hunter jager joy judge jung kaiser
    kaufmann keller king klein knight koch konig kopp kraus kurz lake lamb land lane lang law little lock
    long lord love major marin mark marks marsh martin mason may mayor meier mercy meyer miller mills
    montag moon moor moore moss neumann nice noble north page palmer paris park parker parks parsons peace
    penny petit piper pitt place pond poole pope porter post potter powers press price prince query rain
    rao read reed rich richter ring rivers roman rose roth roy sage sand sauer schmidt schneider scott
    sharp shepherd short silver singer small smart snow sommer son south sparks spring star stark stein
    stone storm strong summer summers swift taylor temple thorn tower town turner vogel wagner walker wall
    wang ward waters weaver webb weber weiss wells west white wild will wills winter wise wolf wood woods
    wright young zimmermann
    """
)

# Legal forms of organisations; a name without them names the same.
LEGAL_FORMS = _words(
    """
    ab ag aktiengesellschaft and aps as asa bhd bv bvba co company corp corporation cv doo dd eg ek eurl
    ev gbr gesmbh gmbh group gruppe inc incorporated jsc kft kg kgaa kk kommanditgesellschaft limited llc
    llp lp ltd ltda mbh nv ohg ooo oao zao oy oyj partg plc pte pty pvt sa sab sarl sas sasu sca scs sci
    se sia sl sll slu snc sonsltd sp spa spk spol spolka srl sro srls ug uab ulc vof zoo zrt
    """
)
JOINING = _words(
    """
    and und et e y i og och en ja
    """
)

# Words for streets, each with its abbreviations.
STREETS = tuple(
    tuple(row.split())
    for row in """
    street str st
    strasse str
    straat str
    road rd
    rue r
    avenue ave av avda avenida
    boulevard blvd bd bvd boul bulvar
    lane ln
    drive dr
    court ct
    place pl platz
    platz pl
    square sq
    parkway pkwy
    highway hwy
    terrace ter terr
    crescent cres
    circle cir
    heights hts
    mount mt
    mountain mtn
    saint st
    fort ft
    north n
    south s
    east e
    west w
    route rte
    chemin ch
    impasse imp
    allee al
    quai q
    faubourg fbg
    calle c cl
    plaza pza pl
    paseo po
    carretera ctra
    viale vle v
    piazza pza p
    corso cso
    largo lgo
    rua r
    travessa tv
    praca pc
    ulica ul
    ulitsa ul
    prospekt pr prosp
    namesti nam
    aleja al
    weg w
    gasse g
    """.strip().splitlines()
)
# Endings of one word that are also written short: "Hauptstr.".
STREET_ENDINGS = {"strasse": "str", "straat": "str", "gatan": "g", "platz": "pl"}
# What follows is a part of the house.
UNITS = _words(
    """
    apartment apt appartement app suite ste unit floor etage fl piso flat studio zimmer no
    """
)
