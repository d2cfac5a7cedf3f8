"""What mail servers write in other languages, by reason.

German, French, Spanish, Portuguese, Italian, Dutch, Polish, Swedish, Danish, Russian, Japanese, Chinese and
Korean, a line each. Accents are written here and ignored in comparing, for many servers leave them out.
"""

ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "mailbox-full",
        (
            r"postfach.{0,40}\b(?:voll|überfüllt)",
            r"speicherplatz",
            r"kontingent.{0,30}überschritten",
            r"postfach.{0,30}überschritten",
            r"bo[iî]te.{0,60}\bpleine",
            r"bo[iî]te.{0,40}satur",
            r"quota.{0,20}(?:dépassé|atteint)",
            r"espace.{0,20}insuffisant",
            r"(?:buzón|casilla|bandeja|cuenta).{0,40}\bllen[oa]",
            r"cuota.{0,30}(?:excedid|superad)",
            r"sin espacio",
            r"(?:caixa|correio|conta).{0,40}\bcheia",
            r"cota.{0,30}excedid",
            r"espaço.{0,20}(?:insuficiente|esgotado)",
            r"(?:casella|mailbox|posta).{0,40}\bpiena",
            r"quota.{0,20}superata",
            r"spazio.{0,20}(?:esaurito|insufficiente)",
            r"(?:mailbox|postvak|postbus|inbox).{0,40}\bvol\b|quotum.{0,20}overschreden",
            r"skrzynk\w+.{0,30}(?:przepełnion|pełn)|brak miejsca",
            r"(?:brevlådan|postlådan|postkassen|postkassan).{0,20}ful[dl]",
            r"(?:ящик|аккаунт).{0,40}(?:переполнен|полон)",
            r"превышен\w*.{0,20}(?:квот|лимит|размер ящик)",
            r"квот\w*.{0,20}превышен",
            r"容量|いっぱい|一杯|満杯",
            r"邮箱.{0,10}(?:已?满|空间)|信箱.{0,10}已?滿|空间不足",
            r"가득|용량.{0,10}초과",
        ),
    ),
    (
        "no-such-user",
        (r"(?:inconnue?|unbekannt|sconosciut[oa]|desconocid[oa]) (?:ou|oder|o) ",),
    ),
    (
        "mailbox-disabled",
        (
            (
                r"(?:konto|postfach|adresse|empfänger|benutzer).{0,40}"
                r"(?:deaktiviert|gesperrt|stillgelegt|inaktiv)"
            ),
            (
                r"(?:compte|bo[iî]te|adresse|utilisateur).{0,40}"
                r"(?:désactivée?|suspendue?|bloquée?|inactive?|résiliée?)"
            ),
            r"(?:cuenta|buzón|usuario).{0,40}(?:suspendid|deshabilitad|desactivad|bloquead|inactiv)",
            (
                r"(?:conta|caixa|usuário|utilizador).{0,40}"
                r"(?:suspens|desativad|desactivad|bloquead|inativ)"
            ),
            (
                r"(?:casella|utente|account|indirizzo).{0,40}"
                r"(?:disattivat|disabilitat|sospes|bloccat|scadut)"
            ),
            r"(?:account|gebruiker|mailbox).{0,40}(?:uitgeschakeld|geblokkeerd|opgeheven|inactief)",
            r"(?:konto|skrzynk\w+).{0,40}(?:zablokowan|nieaktywn|zawieszon)",
            (
                r"(?:ящик|аккаунт|пользовател\w+|уч[её]тная запись).{0,40}"
                r"(?:заблокирован|отключ[её]н|неактив|приостановлен)"
            ),
            r"(?:停止|休止|無効)(?:中|され|に)|利用停止",
            r"(?:帐号|账号|帳號|用户|邮箱).{0,10}(?:禁用|停用|冻结|锁定)",
        ),
    ),
    (
        "spam-blocked",
        (
            r"als spam|werbemail",
            r"(?:considéré|détecté|identifié).{0,20}(?:spam|pourriel|indésirable)",
            r"(?:correo|mensaje) no deseado|como spam",
            r"posta indesiderata|antyspam",
            r"(?:признано|похоже на|как) спам|спам",
            r"迷惑メール|スパム",
            r"垃圾邮件|垃圾郵件",
        ),
    ),
    (
        "recipient-refuses",
        (
            r"受信拒否|受信を拒否|着信拒否|拒收|拒绝接收",
            r"отказался (?:от|принимать)",
        ),
    ),
    (
        "sender-rejected",
        (
            r"(?:adresse de l'|l')?expéditeur.{0,30}(?:invalide|refusé)|émetteur invalide",
            r"absender.{0,40}(?:ungültig|abgelehnt|unbekannt|nicht)",
            r"remitente.{0,40}(?:inválid|rechazad|desconocid)",
            r"remetente.{0,40}(?:inválid|rejeitad|desconhecid)",
            r"mittente.{0,40}(?:non valid|rifiutat|sconosciut)",
            r"afzender.{0,40}(?:ongeldig|geweigerd|onbekend)",
            r"отправител\w+.{0,40}(?:отклон|неизвест|не найден|запрещ)",
            r"差出人|送信者.{0,10}(?:拒否|不明|無効)",
        ),
    ),
    (
        "too-large",
        (
            r"(?:nachricht|mail|anhang).{0,30}zu (?:gro(?:ß|ss)|lang)",
            r"(?:message|pièce jointe).{0,20}trop (?:volumineu|gros|grand|long)",
            r"(?:mensaje|mensagem).{0,30}(?:demasiado|muy|muito|demasiado) grande",
            r"excede.{0,20}tam(?:año|anho)",
            r"messaggio.{0,30}troppo grande|bericht.{0,20}te groot",
            r"(?:письмо|сообщение).{0,30}(?:слишком больш|превышает)",
            r"サイズ.{0,10}(?:超え|超過|大き)|邮件.{0,10}过大",
        ),
    ),
    (
        "host-unknown",
        (
            r"domäne?.{0,30}(?:unbekannt|existiert nicht|nicht gefunden)",
            r"host.{0,20}(?:unbekannt|nicht gefunden)",
            r"domaine.{0,30}(?:inconnu|n'existe pas|inexistant|introuvable)",
            (
                r"dominio.{0,30}(?:desconocido|no existe|inexistente|no encontrado|sconosciuto|non esiste"
                r"|non trovato)"
            ),
            r"domínio.{0,30}(?:desconhecido|não existe|inexistente|não encontrado)",
            r"domein.{0,30}(?:onbekend|bestaat niet|niet gevonden)",
            r"домен\w*.{0,30}(?:не найден|не существует|неизвест)",
            r"ドメイン.{0,15}(?:見つか|存在し|不明)|域名.{0,10}不存在|找不到.{0,10}域名",
        ),
    ),
    (
        "no-such-user",
        (
            (
                r"(?:empfänger|adressat|benutzer|postfach|adresse|teilnehmer|nutzer|mailbox)\w*.{0,60}"
                r"(?:unbekannt|nicht (?:gefunden|vorhanden|bekannt|existent|zu finden)|existiert nicht"
                r"|ungültig)"
            ),
            r"(?:kein|keine|keinen) (?:solche[rn]? )?(?:empfänger|benutzer|postfach)",
            (
                r"(?:utilisateur|destinataire|adresse|bo[iî]te|compte|abonné).{0,60}"
                r"(?:inconnue?|inexistante?|introuvable|invalide|n'?existe(?:nt)? (?:pas|plus)"
                r"|n'a pas été trouvé|non trouvé)"
            ),
            (
                r"(?:usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n).{0,60}"
                r"(?:desconocid|inexistente|inv[aá]lid|no (?:existe|fue encontrad|se encontr"
                r"|se ha encontrado|encontrad|v[aá]lid))"
            ),
            (
                r"no (?:existe|se encontr\w+|se pudo encontrar) (?:el|la|ese|esa) (?:usuario|destinatario"
                r"|direcci|cuenta|buz)"
            ),
            (
                r"(?:usuário|utilizador|destinatário|endereço|conta|caixa).{0,60}"
                r"(?:desconhecid|inexistente|inv[aá]lid|não (?:existe|foi encontrad|encontrad))"
            ),
            (
                r"(?:utente|destinatario|indirizzo|casella|account).{0,60}"
                r"(?:sconosciut|inesistente|non (?:esiste|trovat|valid|è stat\w trovat|presente))"
            ),
            r"destinatario errato|destin\.? .{0,20}sconosciut",
            r"(?:onbekende|ongeldige?) (?:gebruiker|ontvanger|adres)",
            (
                r"(?:gebruiker|ontvanger|adres|mailbox|postvak).{0,60}"
                r"(?:onbekend|bestaat niet|niet gevonden|niet bekend|ongeldig)"
            ),
            (
                r"(?:użytkownik|konto|adres|skrzynka|odbiorca).{0,40}"
                r"(?:nie istnieje|nieznany|nie znaleziono)"
            ),
            r"nie ma takiego (?:konta|użytkownika|adresu)",
            r"nieznany (?:użytkownik|odbiorca)",
            r"uživatel neexistuje",
            r"(?:okänd|ukendt|ukjent) (?:användare|mottagare|bruger|modtager|mottaker|bruker)",
            (
                r"(?:användaren|mottagaren|adressen|brugeren|modtageren).{0,30}"
                r"(?:finns inte|findes ikke|kunde inte hittas)"
            ),
            (
                r"(?:пользовател|адресат|получател|ящик|адрес|абонент|учетн)\w*.{0,60}"
                r"(?:не (?:найден|существу|известен|зарегистрир)|неизвест|отсутству|недействит)"
            ),
            r"(?:нет так\w+|неизвестный|несуществующ\w+) (?:пользовател|адрес|получател|ящик)",
            r"(?:宛先|あて先|ユーザ|アドレス|受信者|メールボックス|アカウント).{0,25}(?:見つか|存在し|不明|ありません|誤り|間違|正しくあり|無効)",
            r"存在しない|該当する.{0,15}(?:ありません|存在)|ユーザー?不明",
            r"(?:用户|用戶|收件人|使用者|收信人|帐号|账号|帳號|邮箱|信箱|地址).{0,15}(?:不存在|未找到|找不到|无效|無效)",
            r"(?:查无|查無|无此|無此)(?:此人|用户|使用者|帐号|收件人)|找不到.{0,6}(?:用户|收件人|使用者)",
            r"(?:사용자|수신자|주소|계정).{0,20}(?:찾을 수 없|존재하지|없습니다)",
        ),
    ),
    (
        "policy",
        (r"richtlinie|politique de|polític|normativa|политик|ポリシー",),
    ),
)
