# ruff: noqa: RUF001 - letters that are taken for others are the subject
"""Letters of other alphabets and the Latin ones that they sound or look like: the tables of `folding`."""


def _pairs(table: str) -> dict[str, str]:
    return {pair[0]: pair[2:] for pair in table.split()}


# Letters that no decomposition brings to plain Latin.
LATIN = _pairs("æ=ae œ=oe ø=o ł=l đ=d ð=d þ=th ı=i ŋ=n ħ=h ŧ=t ə=e ɐ=a ɑ=a ɡ=g ɩ=i ɪ=i")
# ICAO Doc 9303 part 3 section 6, the spelling of passports; Greek by ISO 843.
BY_SOUND = _pairs(
    """
    а=a б=b в=v г=g ґ=g д=d е=e ж=zh з=z и=i і=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts
    ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya є=e ђ=d ј=j љ=lj њ=nj ћ=c џ=dz ў=u
    α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o
    """
)
# Letters of other alphabets that look like Latin ones (Unicode Technical Standard 39, the common ones).
BY_LOOK = str.maketrans(
    _pairs(
        """
        А=A В=B Е=E Ѕ=S І=I Ј=J К=K М=M Н=H О=O Р=P С=C Т=T У=Y Х=X Ԍ=G ԛ=q ԝ=w а=a в=b е=e ѕ=s і=i ј=j
    к=k м=m н=h о=o р=p с=c т=t у=y х=x һ=h ӏ=i ԁ=d ᴦ=r Α=A Β=B Ε=E Ζ=Z Η=H Ι=I Κ=K Μ=M Ν=N Ο=O Ρ=P
    Τ=T Υ=Y Χ=X α=a ε=e ι=i ι=i κ=k ν=n ο=o ρ=p τ=t υ=u χ=x γ=y ω=w Օ=O օ=o ս=u հ=h ո=n ց=g ք=f Ꭺ=A
    Ᏼ=B Ꮯ=C Ꭼ=E Ꮋ=H Ꭻ=J Ꮶ=K Ꮮ=L Ꮇ=M Ꮲ=P Ꮢ=R Ꮪ=S Ꭲ=T Ꮩ=V Ꮃ=W Ꮓ=Z ǀ=l
    """
    )
)
# The other ways that Cyrillic names are spelled: British, passports since 2013, German, scholarly.
CYRILLIC_SPELLINGS = tuple(
    str.maketrans(_pairs(row))
    for row in (
        "й=y ё=yo х=h щ=sch ц=c ы=i",
        "й=y ё=e ю=iu я=ia",
        "й=j ё=jo ю=ju я=ja х=ch щ=schtsch ц=z ч=tsch ш=sch в=w ж=sch з=s",
        "й=j ё=e ю=ju я=ja х=h щ=sc ц=c ч=c ш=s ж=z",
    )
)
