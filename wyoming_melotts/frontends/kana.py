"""From katakana to the phones of the Japanese voices.

The rules are those of the Julius segmentation kit, with its quirks.
"""

import re

_SINGLE = """
ア=a  イ=i  ウ=u  エ=e  オ=o  カ=k a  キ=k i  ク=k u  ケ=k e  コ=k o  ガ=g a  ギ=g i
グ=g u  ゲ=g e  ゴ=g o  サ=s a  シ=sh i  ス=s u  セ=s e  ソ=s o  ザ=z a  ジ=j i  ズ=z u
ゼ=z e  ゾ=z o  タ=t a  チ=ch i  ツ=ts u  テ=t e  ト=t o  ダ=d a  ヂ=j i  ヅ=z u
デ=d e  ド=d o  ナ=n a  ニ=n i  ヌ=n u  ネ=n e  ノ=n o  ハ=h a  ヒ=h i  フ=f u  ヘ=h e
ホ=h o  バ=b a  ビ=b i  ブ=b u  ベ=b e  ボ=b o  パ=p a  ピ=p i  プ=p u  ペ=p e  ポ=p o
マ=m a  ミ=m i  ム=m u  メ=m e  モ=m o  ヤ=y a  ユ=y u  ヨ=y o  ラ=r a  リ=r i  ル=r u
レ=r e  ロ=r o  ワ=w a  ヰ=i  ヱ=e  ヲ=o  ン=N  ヴ=b u  ッ=q  ー=  ァ=a  ィ=i  ゥ=u  ェ=e
ォ=o  ャ=y a  ュ=y u  ョ=y o  ヮ=w a  ヶ=k e
琦=ch i  髙=t a k a  煞=sh y a  、=,  。=.  ！=!  ？=?  ・=,
"""
_WITH_SMALL_VOWEL = """
カァ=k a:  ガァ=g a:  サァ=s a:  ザァ=z a:  タァ=t a:  ツァ=ts a  ダァ=d a:  ナァ=n a:
ハァ=h a:  ファ=f a  バァ=b a:  パァ=p a:  マァ=m a:  ヤァ=y a:  ラァ=r a:  ワァ=w a:
ヴァ=b a  ウィ=w i  キィ=k i:  ギィ=g i:  シィ=sh i:  スィ=s i  ジィ=j i:  ズィ=z i
チィ=ch i:  ツィ=ts i  ティ=t i  ヂィ=j i:  ディ=d i  ニィ=n i:  ヒィ=h i:  フィ=f i
ビィ=b i:  ピィ=p i:  ミィ=m i:  リィ=r i:  ヴィ=b i  ウゥ=u:  クゥ=k u:  グゥ=g u:  スゥ=s u:
ズゥ=z u  ツゥ=ts u:  トゥ=t u  ヅゥ=d u:  ドゥ=d u  ヌゥ=n u:  フゥ=f u  ブゥ=b u:  プゥ=p u:
ムゥ=m u:  ユゥ=y u:  ルゥ=r u:  ウェ=w e  ケェ=k e:  ゲェ=g e:  シェ=sh e  セェ=s e:
ジェ=j e  ズェ=z e  ゼェ=z e:  チェ=ch e  ツェ=ts e  テェ=t e:  ヂェ=j e  デェ=d e:  ネェ=n e:
フェ=f e  ヘェ=h e:  ベェ=b e:  ペェ=p e:  メェ=m e:  レェ=r e:  ヴェ=b e  ウォ=w o  オォ=o:
コォ=k o:  ゴォ=g o:  ソォ=s o:  ズォ=z o  ゾォ=z o:  ツォ=ts o  トォ=t o:  ドォ=d o:
ノォ=n o:  フォ=f o  ホォ=h o:  ボォ=b o:  ポォ=p o:  モォ=m o:  ヨォ=y o:  ロォ=r o:  ヲォ=o:
ヴォ=b o
"""
_WITH_SMALL_Y = """
イャ=y a  キャ=ky a  クャ=ky a  ギャ=gy a  グャ=gy a  シャ=sh a  スャ=sh a  ジャ=j a
ズャ=zy a  チャ=ch a  ツャ=ch a  テャ=ty a  トャ=ty a  ヂャ=j a  ヅャ=zy a  デャ=dy a
ドャ=dy a  ニャ=ny a  ヌャ=ny a  ヒャ=hy a  フャ=hy a  ビャ=by a  ピャ=py a  プャ=py a
ミャ=my a  ムャ=my a  ユャ=y a:  リャ=ry a  ルャ=ry a  キュ=ky u  クュ=ky u  ギュ=gy u
グュ=gy u  シュ=sh u  スュ=sh u  ジュ=j u  ズュ=zy u  チュ=ch u  ツュ=ch u  テュ=ty u
トュ=ty u  ヂュ=j u  ヅュ=zy u  デュ=dy u  ドュ=dy u  ニュ=ny u  ヌュ=ny u  ヒュ=hy u
フュ=hy u  ビュ=by u  ブュ=by u  ピュ=py u  プュ=py u  ミュ=my u  ムュ=my u  ユュ=y u:
リュ=ry u  ルュ=ry u  ヴュ=by u  キョ=ky o  クョ=ky o  ギョ=gy o  グョ=gy o  ショ=sh o
スョ=sh o  ジョ=j o  ズョ=zy o  チョ=ch o  ツョ=ch o  テョ=ty o  トョ=ty o  ヂョ=j o
ヅョ=zy o  デョ=dy o  ドョ=dy o  ニョ=ny o  ヌョ=ny o  ヒョ=hy o  フョ=hy o  ビョ=by o
ピョ=py o  プョ=py o  ミョ=my o  ムョ=my o  ユョ=y o:  リョ=ry o  ルョ=ry o
"""


def _parse(table: str) -> dict[str, list[str]]:
    """Rules ``kana=phones`` that two blanks part; no phones for the silent long-vowel mark."""
    rules = (rule.split("=") for rule in re.split(r"  |\n", table.strip()))
    return {kana: phones.split() for kana, phones in rules}


_RULES = _parse(_SINGLE) | _parse(_WITH_SMALL_VOWEL) | _parse(_WITH_SMALL_Y)

PHONES = frozenset(phone for phones in _RULES.values() for phone in phones) | {"-"}


def katakana_phones(text: str) -> list[str]:
    """The phones, the longest rule first; a character without a rule stands for itself."""
    phones: list[str] = []
    rest = text.strip()
    while rest:
        kana = rest[:2] if rest[:2] in _RULES else rest[0]
        phones += _RULES.get(kana, [kana])
        rest = rest[len(kana) :]
    return phones
