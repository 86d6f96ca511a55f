"""Number, ordinal, month and time words of thirteen languages, as data for `calls.agents.verbalize`.

All words stand here; no library is asked when a value is spoken. `indic-numtowords` 1.1.0 was tried for it
and is not used: it ends at nine digits (an `int` above raises `TypeError`), and some of its words are wrong.
Kannada 83 is its word for 82, and 110, 120 … 990 end in half a syllable (ನೂ); Malayalam 10,000 is പത്തായിരം for
പതിനായിരം; Punjabi 73 and 75 and Urdu 23, 26, 27, 28 are misspelt; Assamese writes র for ৰ. Each word was
compared with it, with Unicode's CLDR (rbnf/*.xml, which has no Assamese) and with what espeak-ng says for the
digits:

- hi, gu, mr, ta, en: ours from the start, and spoken as they always were (but Tamil at one o'clock).
- bn, te, kn, ml, pa, ur: as CLDR, but for the spellings that docs/words.md names.
- or: CLDR and the library differ in 36 words; the library's stand here, which is what espeak-ng's figures
  sound like in most of them.
- as: the library's, in Assamese letters; there is no second source but espeak-ng.

docs/words.md says what wants a native reader.
"""

from dataclasses import dataclass
from typing import TypeAlias

Endings: TypeAlias = tuple[tuple[str, str], ...]
"""How a word's end changes: (end, what stands in its place). The first that fits counts."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A power word. `joined` is its form before a rest; the `single` forms say exactly one of it.

    With `fused` the count and the word are one word, and the count's end changes.
    """

    size: int
    word: str
    joined: str
    single: str = ""
    single_joined: str = ""
    fused: Endings = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`hundreds`: 100, 200 … 900, alone and before a rest. `one_rupee` is the whole phrase.

    `hour` and `hour_minute` are forms to be filled with `{hour}` and `{minute}`; `parts_of_day` are morning,
    noon and afternoon, evening, night, and stand before the time unless `part_behind`; `zero_minute` comes
    before a minute below ten. `one_hour` and `one_hour_minute` are the forms at one o'clock if they differ.

    `alone` changes the end of a number that no noun follows. `first` are the ordinals from 1 that no rule
    makes; the others are the number with its end changed by `ordinal`. `comma` parts groups of digits.
    """

    months: tuple[str, ...]
    scales: tuple[Scale, ...]
    one_rupee: str
    rupees: str
    paise: str
    hour: str
    hour_minute: str
    parts_of_day: tuple[str, str, str, str]
    part_behind: bool = False
    zero_minute: str = ""
    small: tuple[str, ...] = ()
    hundreds: tuple[str, ...] = ()
    hundreds_joined: tuple[str, ...] = ()
    month_first: bool = False
    one_hour: str = ""
    one_hour_minute: str = ""
    alone: Endings = ()
    first: tuple[str, ...] = ()
    ordinal: Endings = ()
    comma: str = ","


def _list(words: str) -> tuple[str, ...]:
    return tuple(words.split())


def _scales(crore: str, lakh: str, thousand: str) -> tuple[Scale, ...]:
    named = ((10_000_000, crore), (100_000, lakh), (1000, thousand))
    return tuple(Scale(size, word, word) for size, word in named)


_HI = (
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ "
    "दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस "
    "तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस "
    "चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास "
    "पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ "
    "साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर "
    "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी "
    "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी "
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)
_GU = (
    "શૂન્ય એક બે ત્રણ ચાર પાંચ છ સાત આઠ નવ "
    "દસ અગિયાર બાર તેર ચૌદ પંદર સોળ સત્તર અઢાર ઓગણીસ "
    "વીસ એકવીસ બાવીસ ત્રેવીસ ચોવીસ પચ્ચીસ છવ્વીસ સત્તાવીસ અઠ્ઠાવીસ ઓગણત્રીસ "
    "ત્રીસ એકત્રીસ બત્રીસ તેત્રીસ ચોત્રીસ પાંત્રીસ છત્રીસ સાડત્રીસ આડત્રીસ ઓગણચાલીસ "
    "ચાલીસ એકતાલીસ બેતાલીસ તેતાલીસ ચુંમાલીસ પિસ્તાલીસ છેતાલીસ સુડતાલીસ અડતાલીસ ઓગણપચાસ "
    "પચાસ એકાવન બાવન ત્રેપન ચોપન પંચાવન છપ્પન સત્તાવન અઠ્ઠાવન ઓગણસાઠ "
    "સાઠ એકસઠ બાસઠ ત્રેસઠ ચોસઠ પાંસઠ છાસઠ સડસઠ અડસઠ અગણોસિત્તેર "
    "સિત્તેર એકોતેર બોતેર તોતેર ચુમોતેર પંચોતેર છોતેર સિત્યોતેર ઇઠ્યોતેર ઓગણાએંસી "
    "એંસી એક્યાસી બ્યાસી ત્યાસી ચોર્યાસી પંચાસી છ્યાસી સિત્યાસી ઇઠ્યાસી નેવ્યાસી "
    "નેવું એકાણું બાણું ત્રાણું ચોરાણું પંચાણું છન્નું સત્તાણું અઠ્ઠાણું નવ્વાણું"
)
_MR = (
    "शून्य एक दोन तीन चार पाच सहा सात आठ नऊ "
    "दहा अकरा बारा तेरा चौदा पंधरा सोळा सतरा अठरा एकोणीस "
    "वीस एकवीस बावीस तेवीस चोवीस पंचवीस सव्वीस सत्तावीस अठ्ठावीस एकोणतीस "
    "तीस एकतीस बत्तीस तेहतीस चौतीस पस्तीस छत्तीस सदतीस अडतीस एकोणचाळीस "
    "चाळीस एक्केचाळीस बेचाळीस त्रेचाळीस चव्वेचाळीस पंचेचाळीस सेहेचाळीस सत्तेचाळीस अठ्ठेचाळीस एकोणपन्नास "
    "पन्नास एक्कावन्न बावन्न त्रेपन्न चोपन्न पंचावन्न छप्पन्न सत्तावन्न अठ्ठावन्न एकोणसाठ "
    "साठ एकसष्ट बासष्ट त्रेसष्ट चौसष्ट पासष्ट सहासष्ट सदुसष्ट अडुसष्ट एकोणसत्तर "
    "सत्तर एक्काहत्तर बाहत्तर त्र्याहत्तर चौऱ्याहत्तर पंच्याहत्तर शहात्तर सत्त्याहत्तर अठ्ठ्याहत्तर एकोणऐंशी "
    "ऐंशी एक्क्याऐंशी ब्याऐंशी त्र्याऐंशी चौऱ्याऐंशी पंच्याऐंशी शहाऐंशी सत्त्याऐंशी अठ्ठ्याऐंशी एकोणनव्वद "
    "नव्वद एक्क्याण्णव ब्याण्णव त्र्याण्णव चौऱ्याण्णव पंच्याण्णव शहाण्णव सत्त्याण्णव अठ्ठ्याण्णव नव्व्याण्णव"
)
_BN = (
    "শূন্য এক দুই তিন চার পাঁচ ছয় সাত আট নয় "
    "দশ এগারো বারো তেরো চৌদ্দ পনেরো ষোলো সতেরো আঠারো উনিশ "
    "কুড়ি একুশ বাইশ তেইশ চব্বিশ পঁচিশ ছাব্বিশ সাতাশ আঠাশ উনত্রিশ "
    "ত্রিশ একত্রিশ বত্রিশ তেত্রিশ চৌত্রিশ পঁয়ত্রিশ ছত্রিশ সাঁইত্রিশ আটত্রিশ উনচল্লিশ "
    "চল্লিশ একচল্লিশ বিয়াল্লিশ তেতাল্লিশ চুয়াল্লিশ পঁয়তাল্লিশ ছেচল্লিশ সাতচল্লিশ আটচল্লিশ উনপঞ্চাশ "
    "পঞ্চাশ একান্ন বাহান্ন তিপ্পান্ন চুয়ান্ন পঞ্চান্ন ছাপ্পান্ন সাতান্ন আটান্ন উনষাট "
    "ষাট একষট্টি বাষট্টি তেষট্টি চৌষট্টি পঁয়ষট্টি ছেষট্টি সাতষট্টি আটষট্টি উনসত্তর "
    "সত্তর একাত্তর বাহাত্তর তিয়াত্তর চুয়াত্তর পঁচাত্তর ছিয়াত্তর সাতাত্তর আটাত্তর উনআশি "
    "আশি একাশি বিরাশি তিরাশি চুরাশি পঁচাশি ছিয়াশি সাতাশি অষ্টআশি উননব্বই "
    "নব্বই একানব্বই বিরানব্বই তিরানব্বই চুরানব্বই পঁচানব্বই ছিয়ানব্বই সাতানব্বই আটানব্বই নিরানব্বই"
)
_AS = (
    "শূন্য এক দুই তিনি চাৰি পাঁচ ছয় সাত আঠ ন "
    "দহ এঘাৰ বাৰ তেৰ চৈধ্য পোন্ধৰ ষোল্ল সোতৰ ওঠৰ ঊনৈশ "
    "বিশ একৈশ বাইশ তেইশ চৌবিশ পঁচিশ ছাব্বিশ সাতাইশ আঠাইশ ঊনত্ৰিশ "
    "ত্ৰিশ একত্ৰিশ বত্ৰিশ তেত্ৰিশ চৌত্ৰিশ পঁয়ত্ৰিশ ছয়ত্ৰিশ সাতত্ৰিশ আঠত্ৰিশ ঊনচল্লিশ "
    "চল্লিশ একচল্লিশ বিয়াল্লিশ তিয়াল্লিশ চৌচল্লিশ পঞ্চল্লিশ ছয়চল্লিশ সাতচল্লিশ আঠচল্লিশ ঊনপঞ্চাশ "
    "পঞ্চাশ একাৱন বাৱন তেপন চৌৱন পঁচপন ছাপন সাতাৱন আঠাৱন ঊনষাঠি "
    "ষাঠি একষষ্ঠি বাষষ্ঠি তেষষ্ঠি চৌষষ্ঠি পঁয়ষষ্ঠি ছয়ষষ্ঠি সাতষষ্ঠি আঠষষ্ঠি ঊনসত্তৰ "
    "সত্তৰ এসত্তৰ বাসত্তৰ তেসত্তৰ চৌসত্তৰ পঁয়সত্তৰ ছয়সত্তৰ সাতসত্তৰ আঠসত্তৰ ঊনাশী "
    "আশী একাশী বিৰাশী তিৰাশী চৌৰাশী পঁচাশী ছিয়াশী সাতাশী আঠাশী ঊননব্বৈ "
    "নব্বৈ একানব্বৈ বিৰানব্বৈ তিৰানব্বৈ চৌৰানব্বৈ পঁচানব্বৈ ছিয়ানব্বৈ সাতানব্বৈ আঠানব্বৈ নিৰানব্বৈ"
)
_OR = (
    "ଶୂନ୍ୟ ଏକ ଦୁଇ ତିନି ଚାରି ପାଞ୍ଚ ଛଅ ସାତ ଆଠ ନଅ "
    "ଦଶ ଏଗାର ବାର ତେର ଚଉଦ ପନ୍ଦର ଷୋହଳ ସତର ଅଠର ଊଣେଇଶ "
    "କୋଡ଼ିଏ ଏକୋଇଶ ବାଇଶ ତେଇଶ ଚବିଶ ପଚିଶ ଛବିଶ ସତାଇଶ ଅଠାଇଶ ଅଣତିରିଶ "
    "ତିରିଶ ଏକତିରିଶ ବତିଶ ତେତିଶ ଚଉତିରିଶ ପଞ୍ଚତିରିଶ ଛତିଶ ସଇଁତିରିଶ ଅଠତିରିଶ ଅଣଚାଳିଶ "
    "ଚାଳିଶ ଏକଚାଳିଶ ବୟାଳିଶ ତେୟାଳିଶ ଚଉରାଳିଶ ପଇଁଚାଳିଶ ଛୟାଳିଶ ସତଚାଳିଶ ଅଠଚାଳିଶ ଅଣଚାଶ "
    "ପଚାଶ ଏକାବନ ବାଉନ ତେପନ ଚଉବନ ପଞ୍ଚାବନ ଛପନ ସତାବନ ଅଠାବନ ଅଣଷଠି "
    "ଷାଠିଏ ଏକଷଠି ବାଷଠି ତେଷଠି ଚଉଷଠି ପଞ୍ଚଷଠି ଛଅଷଠି ସତଷଠି ଅଠଷଠି ଅଣସ୍ତରି "
    "ସତୁରି ଏକସ୍ତରି ବାସ୍ତରି ତେସ୍ତରି ଚଉସ୍ତରି ପଞ୍ଚସ୍ତରି ଛଅସ୍ତରି ସତସ୍ତରି ଅଠସ୍ତରି ଅଣାଅଶୀ "
    "ଅଶୀ ଏକାଅଶୀ ବୟାଅଶୀ ତେୟାଅଶୀ ଚଉରାଅଶୀ ପଞ୍ଚାଅଶୀ ଛୟାଅଶୀ ସତାଅଶୀ ଅଠାଅଶୀ ଅଣାନବେ "
    "ନବେ ଏକାନବେ ବୟାନବେ ତେୟାନବେ ଚଉରାନବେ ପଞ୍ଚାନବେ ଛୟାନବେ ସତାନବେ ଅଠାନବେ ଅନେଶତ"
)
_PA = (
    "ਸਿਫ਼ਰ ਇੱਕ ਦੋ ਤਿੰਨ ਚਾਰ ਪੰਜ ਛੇ ਸੱਤ ਅੱਠ ਨੌਂ "
    "ਦਸ ਗਿਆਰਾਂ ਬਾਰਾਂ ਤੇਰਾਂ ਚੌਦਾਂ ਪੰਦਰਾਂ ਸੋਲਾਂ ਸਤਾਰਾਂ ਅਠਾਰਾਂ ਉੱਨੀ "
    "ਵੀਹ ਇੱਕੀ ਬਾਈ ਤੇਈ ਚੌਵੀ ਪੱਚੀ ਛੱਬੀ ਸਤਾਈ ਅਠਾਈ ਉਣੱਤੀ "
    "ਤੀਹ ਇਕੱਤੀ ਬੱਤੀ ਤੇਤੀ ਚੌਂਤੀ ਪੈਂਤੀ ਛੱਤੀ ਸੈਂਤੀ ਅਠੱਤੀ ਉਣਤਾਲੀ "
    "ਚਾਲੀ ਇਕਤਾਲੀ ਬਿਆਲੀ ਤਰਤਾਲੀ ਚੁਤਾਲੀ ਪੰਤਾਲੀ ਛਿਆਲੀ ਸੰਤਾਲੀ ਅਠਤਾਲੀ ਉਣੰਜਾ "
    "ਪੰਜਾਹ ਇਕਵੰਜਾ ਬਵੰਜਾ ਤਿਰਵੰਜਾ ਚੁਰੰਜਾ ਪਚਵੰਜਾ ਛਪੰਜਾ ਸਤਵੰਜਾ ਅਠਵੰਜਾ ਉਣਾਹਠ "
    "ਸੱਠ ਇਕਾਹਠ ਬਾਹਠ ਤਰੇਹਠ ਚੌਹਠ ਪੈਂਹਠ ਛਿਆਹਠ ਸਤਾਹਠ ਅਠਾਹਠ ਉਣੱਤਰ "
    "ਸੱਤਰ ਇਕਹੱਤਰ ਬਹੱਤਰ ਤਿਹੱਤਰ ਚੁਹੱਤਰ ਪੰਝੱਤਰ ਛਿਹੱਤਰ ਸਤੱਤਰ ਅਠੱਤਰ ਉਣਾਸੀ "
    "ਅੱਸੀ ਇਕਾਸੀ ਬਿਆਸੀ ਤਿਰਾਸੀ ਚੁਰਾਸੀ ਪਚਾਸੀ ਛਿਆਸੀ ਸਤਾਸੀ ਅਠਾਸੀ ਉਣਾਨਵੇ "
    "ਨੱਬੇ ਇਕਾਨਵੇ ਬਾਨਵੇ ਤਰਾਨਵੇ ਚੁਰਾਨਵੇ ਪਚਾਨਵੇ ਛਿਆਨਵੇ ਸਤਾਨਵੇ ਅਠਾਨਵੇ ਨੜਿੰਨਵੇ"
)
_UR = (
    "صفر ایک دو تین چار پانچ چھ سات آٹھ نو "
    "دس گیارہ بارہ تیرہ چودہ پندرہ سولہ سترہ اٹھارہ انیس "
    "بیس اکیس بائیس تئیس چوبیس پچیس چھبیس ستائیس اٹھائیس انتیس "
    "تیس اکتیس بتیس تینتیس چونتیس پینتیس چھتیس سینتیس اڑتیس انتالیس "
    "چالیس اکتالیس بیالیس تینتالیس چوالیس پینتالیس چھیالیس سینتالیس اڑتالیس انچاس "
    "پچاس اکیاون باون ترپن چون پچپن چھپن ستاون اٹھاون انسٹھ "
    "ساٹھ اکسٹھ باسٹھ ترسٹھ چونسٹھ پینسٹھ چھیاسٹھ سڑسٹھ اڑسٹھ انہتر "
    "ستر اکہتر بہتر تہتر چوہتر پچہتر چھہتر ستتر اٹھتر اناسی "
    "اسی اکیاسی بیاسی تراسی چوراسی پچاسی چھیاسی ستاسی اٹھاسی نواسی "
    "نوے اکیانوے بانوے ترانوے چورانوے پچانوے چھیانوے ستانوے اٹھانوے ننانوے"
)
_KN = (
    "ಸೊನ್ನೆ ಒಂದು ಎರಡು ಮೂರು ನಾಲ್ಕು ಐದು ಆರು ಏಳು ಎಂಟು ಒಂಬತ್ತು "
    "ಹತ್ತು ಹನ್ನೊಂದು ಹನ್ನೆರಡು ಹದಿಮೂರು ಹದಿನಾಲ್ಕು ಹದಿನೈದು ಹದಿನಾರು ಹದಿನೇಳು ಹದಿನೆಂಟು ಹತ್ತೊಂಬತ್ತು"
)
_KN_TENS = "ಇಪ್ಪತ್ತ ಮೂವತ್ತ ನಲವತ್ತ ಐವತ್ತ ಅರವತ್ತ ಎಪ್ಪತ್ತ ಎಂಬತ್ತ ತೊಂಬತ್ತ"
_KN_ENDS = "ು ೊಂದು ೆರಡು ಮೂರು ನಾಲ್ಕು ೈದು ಾರು ೇಳು ೆಂಟು ೊಂಬತ್ತು"
_ML = (
    "പൂജ്യം ഒന്ന് രണ്ട് മൂന്ന് നാല് അഞ്ച് ആറ് ഏഴ് എട്ട് ഒമ്പത് "
    "പത്ത് പതിനൊന്ന് പന്ത്രണ്ട് പതിമൂന്ന് പതിനാല് പതിനഞ്ച് പതിനാറ് പതിനേഴ് പതിനെട്ട് പത്തൊമ്പത്"
)
_ML_TENS = "ഇരുപത മുപ്പത നാൽപ്പത അമ്പത അറുപത എഴുപത എൺപത"
_ML_ENDS = "് ്തിയൊന്ന് ്തിരണ്ട് ്തിമൂന്ന് ്തിനാല് ്തിയഞ്ച് ്തിയാറ് ്തിയേഴ് ്തിയെട്ട് ്തിയൊമ്പത്"
_ML_NINETY = "് ്റിയൊന്ന് ്റിരണ്ട് ്റിമൂന്ന് ്റിനാല് ്റിയഞ്ച് ്റിയാറ് ്റിയേഴ് ്റിയെട്ട് ്റിയൊമ്പത്"
_ML_BEFORE_THOUSAND = (("പത്ത്", "പതിന"), ("പത്", "പതിന"), (" അഞ്ച്", "അയ്യ"), ("്", ""))
_TE = (
    "సున్నా ఒకటి రెండు మూడు నాలుగు ఐదు ఆరు ఏడు ఎనిమిది తొమ్మిది",
    "పది పదకొండు పన్నెండు పదమూడు పద్నాలుగు పదిహేను పదహారు పదిహేడు పద్దెనిమిది పంతొమ్మిది",
    "ఇరవై ముప్పై నలభై యాభై అరవై డెబ్బై ఎనభై తొంభై",
)
_TA_ONES = "ஒன்று இரண்டு மூன்று நான்கு ஐந்து ஆறு ஏழு எட்டு ஒன்பது"
_TA_TEENS = "பத்து பதினொன்று பன்னிரண்டு பதிமூன்று பதினான்கு பதினைந்து பதினாறு பதினேழு பதினெட்டு பத்தொன்பது"
_TA_TENS = (
    ("இருபது", "இருபத்து"),
    ("முப்பது", "முப்பத்து"),
    ("நாற்பது", "நாற்பத்து"),
    ("ஐம்பது", "ஐம்பத்து"),
    ("அறுபது", "அறுபத்து"),
    ("எழுபது", "எழுபத்து"),
    ("எண்பது", "எண்பத்து"),
    ("தொண்ணூறு", "தொண்ணூற்று"),
)
_EN_ONES = "one two three four five six seven eight nine"
_EN_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def _regular(zero: str, ones: str, teens: str, tens: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the words for 0 to 99 of a language that puts ten and one side by side.

    `tens`: from 20, each alone and before a one.
    """
    one = ones.split()
    upper = [word for ten, joined in tens for word in (ten, *(f"{joined} {unit}" for unit in one))]
    return (zero, *one, *teens.split(), *upper)


def _glued(tens: str, ends: str) -> tuple[str, ...]:
    """Return the words of a language that glues a one, and the end of a bare ten, to the stem of the ten."""
    return tuple(ten + end for ten in tens.split() for end in ends.split())


def _hundreds(counts: str, word: str) -> tuple[str, ...]:
    """Return 100 to 900 of a language that says a count and `word`, from its words for 0 to 99."""
    return tuple(f"{count} {word}" for count in counts.split()[1:10])


_SANSKRIT_BN = _list("প্রথম দ্বিতীয় তৃতীয় চতুর্থ পঞ্চম ষষ্ঠ সপ্তম অষ্টম নবম দশম")
_SANSKRIT_AS = _list("প্ৰথম দ্বিতীয় তৃতীয় চতুৰ্থ পঞ্চম ষষ্ঠ সপ্তম অষ্টম নৱম দশম")

WORDS: dict[str, Words] = {
    "hi": Words(
        months=_list("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर"),
        scales=_scales("करोड़", "लाख", "हज़ार"),
        one_rupee="एक रुपया",
        rupees="रुपये",
        paise="पैसे",
        hour="{hour} बजे",
        hour_minute="{hour} बजकर {minute} मिनट",
        parts_of_day=("सुबह", "दोपहर", "शाम", "रात"),
        small=tuple(_HI.split()),
        hundreds=_hundreds(_HI, "सौ"),
        first=_list("पहला दूसरा तीसरा चौथा पाँचवाँ छठा"),
        ordinal=(("", "वाँ"),),
    ),
    "gu": Words(
        months=_list("જાન્યુઆરી ફેબ્રુઆરી માર્ચ એપ્રિલ મે જૂન જુલાઈ ઑગસ્ટ સપ્ટેમ્બર ઑક્ટોબર નવેમ્બર ડિસેમ્બર"),
        scales=_scales("કરોડ", "લાખ", "હજાર"),
        one_rupee="એક રૂપિયો",
        rupees="રૂપિયા",
        paise="પૈસા",
        hour="{hour} વાગ્યે",
        hour_minute="{hour} વાગીને {minute} મિનિટે",
        parts_of_day=("સવારે", "બપોરે", "સાંજે", "રાત્રે"),
        small=tuple(_GU.split()),
        hundreds=("એક સો", "બસો", "ત્રણસો", "ચારસો", "પાંચસો", "છસો", "સાતસો", "આઠસો", "નવસો"),
        first=_list("પહેલો બીજો ત્રીજો ચોથો પાંચમો છઠ્ઠો"),
        ordinal=(("", "મો"),),
    ),
    "mr": Words(
        months=_list("जानेवारी फेब्रुवारी मार्च एप्रिल मे जून जुलै ऑगस्ट सप्टेंबर ऑक्टोबर नोव्हेंबर डिसेंबर"),
        scales=_scales("कोटी", "लाख", "हजार"),
        one_rupee="एक रुपया",
        rupees="रुपये",
        paise="पैसे",
        hour="{hour} वाजता",
        hour_minute="{hour} वाजून {minute} मिनिटांनी",
        parts_of_day=("सकाळी", "दुपारी", "संध्याकाळी", "रात्री"),
        small=tuple(_MR.split()),
        hundreds=("शंभर", *_list("दोनशे तीनशे चारशे पाचशे सहाशे सातशे आठशे नऊशे")),
        hundreds_joined=_list("एकशे दोनशे तीनशे चारशे पाचशे सहाशे सातशे आठशे नऊशे"),
        first=_list("पहिला दुसरा तिसरा चौथा पाचवा सहावा सातवा आठवा नववा"),
        ordinal=(("ीस", "िसावा"), ("ा", "ावा"), ("ी", "ीवा"), ("े", "ेवा"), ("ऊ", "ववा"), ("", "ावा")),
    ),
    "ta": Words(
        months=_list("ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்"),
        scales=(
            Scale(10_000_000, "கோடி", "கோடியே", "ஒரு கோடி", "ஒரு கோடியே"),
            Scale(100_000, "லட்சம்", "லட்சத்து", "ஒரு லட்சம்", "ஒரு லட்சத்து"),
            Scale(1000, "ஆயிரம்", "ஆயிரத்து", "ஆயிரம்", "ஆயிரத்து"),
        ),
        one_rupee="ஒரு ரூபாய்",
        rupees="ரூபாய்",
        paise="பைசா",
        hour="{hour} மணி",
        hour_minute="{hour} மணி {minute} நிமிடம்",
        parts_of_day=("காலை", "மதியம்", "மாலை", "இரவு"),
        small=_regular("பூஜ்ஜியம்", _TA_ONES, _TA_TEENS, _TA_TENS),
        hundreds=_list("நூறு இருநூறு முந்நூறு நானூறு ஐந்நூறு அறுநூறு எழுநூறு எண்ணூறு தொள்ளாயிரம்"),
        hundreds_joined=_list("நூற்று இருநூற்று முந்நூற்று நானூற்று ஐந்நூற்று அறுநூற்று எழுநூற்று எண்ணூற்று தொள்ளாயிரத்து"),
        month_first=True,
        one_hour="ஒரு மணி",
        one_hour_minute="ஒரு மணி {minute} நிமிடம்",
        first=("முதலாவது",),
        ordinal=(("ு", "ாவது"), ("ம்", "மாவது")),
    ),
    "en": Words(
        months=_list("January February March April May June July August September October November December"),
        scales=_scales("crore", "lakh", "thousand"),
        one_rupee="one rupee",
        rupees="rupees",
        paise="paise",
        hour="{hour} o'clock",
        hour_minute="{hour} {minute}",
        parts_of_day=("in the morning", "in the afternoon", "in the evening", "at night"),
        part_behind=True,
        zero_minute="oh",
        small=_regular("zero", _EN_ONES, _EN_TEENS, tuple((ten, ten) for ten in _EN_TENS.split())),
        hundreds=_hundreds(f"zero {_EN_ONES}", "hundred"),
        ordinal=(
            *(
                ("one", "first"),
                ("two", "second"),
                ("three", "third"),
                ("five", "fifth"),
                ("eight", "eighth"),
            ),
            *(("nine", "ninth"), ("twelve", "twelfth"), ("ty", "tieth"), ("", "th")),
        ),
    ),
    "bn": Words(
        months=_list("জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর"),
        scales=_scales("কোটি", "লাখ", "হাজার"),
        one_rupee="এক টাকা",
        rupees="টাকা",
        paise="পয়সা",
        hour="{hour}টা",
        hour_minute="{hour}টা {minute} মিনিট",
        parts_of_day=("সকাল", "দুপুর", "সন্ধ্যা", "রাত"),
        small=tuple(_BN.split()),
        hundreds=_list("একশো দুশো তিনশো চারশো পাঁচশো ছয়শো সাতশো আটশো নয়শো"),
        first=_SANSKRIT_BN,
        ordinal=(("", "তম"),),
    ),
    "te": Words(
        months=_list("జనవరి ఫిబ్రవరి మార్చి ఏప్రిల్ మే జూన్ జూలై ఆగస్టు సెప్టెంబర్ అక్టోబర్ నవంబర్ డిసెంబర్"),
        scales=(
            Scale(10_000_000, "కోట్ల", "కోట్ల", "కోటి", "కోటి"),
            Scale(100_000, "లక్షల", "లక్షల", "లక్ష", "లక్షా"),
            Scale(1000, "వేల", "వేల", "వెయ్యి", "వెయ్యి"),
        ),
        one_rupee="ఒక రూపాయి",
        rupees="రూపాయలు",
        paise="పైసలు",
        hour="{hour} గంటలకు",
        hour_minute="{hour} గంటల {minute} నిమిషాలకు",
        parts_of_day=("ఉదయం", "మధ్యాహ్నం", "సాయంత్రం", "రాత్రి"),
        month_first=True,
        one_hour="ఒంటి గంటకు",
        one_hour_minute="ఒంటి గంట {minute} నిమిషాలకు",
        small=_regular(
            "సున్నా",
            " ".join(_TE[0].split()[1:]),
            _TE[1],
            tuple((ten, ten) for ten in _TE[2].split()),
        ),
        hundreds=("వంద", *_hundreds(_TE[0], "వందల")[1:]),
        hundreds_joined=("నూట", *_hundreds(_TE[0], "వందల")[1:]),
        alone=(("వందల", "వందలు"), ("వేల", "వేలు"), ("లక్షల", "లక్షలు"), ("కోట్ల", "కోట్లు")),
        first=("మొదటి",),
        ordinal=(("ు", "వ"), ("ి", "వ"), ("ై", "య్యవ"), ("", "వ")),
    ),
    "kn": Words(
        months=_list("ಜನವರಿ ಫೆಬ್ರವರಿ ಮಾರ್ಚ್ ಏಪ್ರಿಲ್ ಮೇ ಜೂನ್ ಜುಲೈ ಆಗಸ್ಟ್ ಸೆಪ್ಟೆಂಬರ್ ಅಕ್ಟೋಬರ್ ನವೆಂಬರ್ ಡಿಸೆಂಬರ್"),
        scales=(
            Scale(10_000_000, "ಕೋಟಿ", "ಕೋಟಿ"),
            Scale(100_000, "ಲಕ್ಷ", "ಲಕ್ಷದ"),
            Scale(1000, "ಸಾವಿರ", "ಸಾವಿರದ"),
        ),
        one_rupee="ಒಂದು ರೂಪಾಯಿ",
        rupees="ರೂಪಾಯಿ",
        paise="ಪೈಸೆ",
        hour="{hour} ಗಂಟೆಗೆ",
        hour_minute="{hour} ಗಂಟೆ {minute} ನಿಮಿಷಕ್ಕೆ",
        parts_of_day=("ಬೆಳಿಗ್ಗೆ", "ಮಧ್ಯಾಹ್ನ", "ಸಂಜೆ", "ರಾತ್ರಿ"),
        month_first=True,
        small=(*_KN.split(), *_glued(_KN_TENS, _KN_ENDS)),
        hundreds=_list("ನೂರು ಇನ್ನೂರು ಮುನ್ನೂರು ನಾನೂರು ಐನೂರು ಆರುನೂರು ಏಳುನೂರು ಎಂಟುನೂರು ಒಂಬೈನೂರು"),
        hundreds_joined=_list("ನೂರ ಇನ್ನೂರ ಮುನ್ನೂರ ನಾನೂರ ಐನೂರ ಆರುನೂರ ಏಳುನೂರ ಎಂಟುನೂರ ಒಂಬೈನೂರ"),
        first=("ಮೊದಲನೇ",),
        ordinal=(("ು", "ನೇ"), ("", "ನೇ")),
    ),
    "ml": Words(
        months=_list("ജനുവരി ഫെബ്രുവരി മാർച്ച് ഏപ്രിൽ മേയ് ജൂൺ ജൂലൈ ഓഗസ്റ്റ് സെപ്റ്റംബർ ഒക്ടോബർ നവംബർ ഡിസംബർ"),
        scales=(
            Scale(10_000_000, "കോടി", "കോടി", "ഒരു കോടി", "ഒരു കോടി"),
            Scale(100_000, "ലക്ഷം", "ലക്ഷത്തി", "ഒരു ലക്ഷം", "ഒരു ലക്ഷത്തി"),
            Scale(1000, "ായിരം", "ായിരത്തി", "ആയിരം", "ആയിരത്തി", fused=_ML_BEFORE_THOUSAND),
        ),
        one_rupee="ഒരു രൂപ",
        rupees="രൂപ",
        paise="പൈസ",
        hour="{hour} മണിക്ക്",
        hour_minute="{hour} മണി {minute} മിനിറ്റിന്",
        parts_of_day=("രാവിലെ", "ഉച്ചയ്ക്ക്", "വൈകുന്നേരം", "രാത്രി"),
        month_first=True,
        one_hour="ഒരു മണിക്ക്",
        one_hour_minute="ഒരു മണി {minute} മിനിറ്റിന്",
        small=(*_ML.split(), *_glued(_ML_TENS, _ML_ENDS), *_glued("തൊണ്ണൂറ", _ML_NINETY)),
        hundreds=_list("നൂറ് ഇരുനൂറ് മുന്നൂറ് നാനൂറ് അഞ്ഞൂറ് അറുന്നൂറ് എഴുന്നൂറ് എണ്ണൂറ് തൊള്ളായിരം"),
        hundreds_joined=_list("നൂറ്റി ഇരുനൂറ്റി മുന്നൂറ്റി നാനൂറ്റി അഞ്ഞൂറ്റി അറുന്നൂറ്റി എഴുന്നൂറ്റി എണ്ണൂറ്റി തൊള്ളായിരത്തി"),
        ordinal=(("്", "ാം"), ("ം", "ത്താം"), ("ി", "ിയാം")),
    ),
    "pa": Words(
        months=_list("ਜਨਵਰੀ ਫ਼ਰਵਰੀ ਮਾਰਚ ਅਪ੍ਰੈਲ ਮਈ ਜੂਨ ਜੁਲਾਈ ਅਗਸਤ ਸਤੰਬਰ ਅਕਤੂਬਰ ਨਵੰਬਰ ਦਸੰਬਰ"),
        scales=_scales("ਕਰੋੜ", "ਲੱਖ", "ਹਜ਼ਾਰ"),
        one_rupee="ਇੱਕ ਰੁਪਇਆ",
        rupees="ਰੁਪਏ",
        paise="ਪੈਸੇ",
        hour="{hour} ਵਜੇ",
        hour_minute="{hour} ਵੱਜ ਕੇ {minute} ਮਿੰਟ",
        parts_of_day=("ਸਵੇਰੇ", "ਦੁਪਹਿਰ", "ਸ਼ਾਮ", "ਰਾਤ"),
        small=tuple(_PA.split()),
        hundreds=_hundreds(_PA, "ਸੌ"),
        first=_list("ਪਹਿਲਾ ਦੂਜਾ ਤੀਜਾ ਚੌਥਾ"),
        ordinal=(
            *(("ਚੌਦਾਂ", "ਚੌਦਵਾਂ"), ("ਪੰਦਰਾਂ", "ਪੰਦਰਵਾਂ"), ("ਰਾਂ", "ਰ੍ਹਵਾਂ"), ("ਲਾਂ", "ਲ੍ਹਵਾਂ")),
            *(("ੰਜਾ", "ੰਜਵਾਂ"), ("ਨਵੇ", "ਨਵਾਂ"), ("", "ਵਾਂ")),
        ),
    ),
    "or": Words(
        months=_list("ଜାନୁଆରୀ ଫେବୃଆରୀ ମାର୍ଚ୍ଚ ଅପ୍ରେଲ ମଇ ଜୁନ ଜୁଲାଇ ଅଗଷ୍ଟ ସେପ୍ଟେମ୍ବର ଅକ୍ଟୋବର ନଭେମ୍ବର ଡିସେମ୍ବର"),
        scales=_scales("କୋଟି", "ଲକ୍ଷ", "ହଜାର"),
        one_rupee="ଏକ ଟଙ୍କା",
        rupees="ଟଙ୍କା",
        paise="ପଇସା",
        hour="{hour}ଟା",
        hour_minute="{hour}ଟା {minute} ମିନିଟ",
        parts_of_day=("ସକାଳ", "ଦିନ", "ସନ୍ଧ୍ୟା", "ରାତି"),
        small=tuple(_OR.split()),
        hundreds=("ଶହେ", *_hundreds(_OR, "ଶହ")[1:]),
        first=_list("ପ୍ରଥମ ଦ୍ୱିତୀୟ ତୃତୀୟ ଚତୁର୍ଥ ପଞ୍ଚମ ଷଷ୍ଠ ସପ୍ତମ ଅଷ୍ଟମ ନବମ ଦଶମ"),
        ordinal=(("", "ତମ"),),
    ),
    "as": Words(
        months=_list("জানুৱাৰী ফেব্ৰুৱাৰী মাৰ্চ এপ্ৰিল মে’ জুন জুলাই আগষ্ট ছেপ্তেম্বৰ অক্টোবৰ নৱেম্বৰ ডিচেম্বৰ"),
        scales=_scales("কোটি", "লাখ", "হাজাৰ"),
        one_rupee="এটকা",
        rupees="টকা",
        paise="পইচা",
        hour="{hour} বজাত",
        hour_minute="{hour} বাজি {minute} মিনিটত",
        parts_of_day=("পুৱা", "দুপৰীয়া", "সন্ধিয়া", "ৰাতি"),
        small=tuple(_AS.split()),
        hundreds=_list("এশ দুশ তিনিশ চাৰিশ পাঁচশ ছশ সাতশ আঠশ নশ"),
        first=_SANSKRIT_AS,
        ordinal=(("", "তম"),),
    ),
    "ur": Words(
        months=_list("جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر"),
        scales=_scales("کروڑ", "لاکھ", "ہزار"),
        one_rupee="ایک روپیہ",
        rupees="روپے",
        paise="پیسے",
        hour="{hour} بجے",
        hour_minute="{hour} بج کر {minute} منٹ",
        parts_of_day=("صبح", "دوپہر", "شام", "رات"),
        small=tuple(_UR.split()),
        hundreds=_hundreds(_UR, "سو"),
        first=_list("پہلا دوسرا تیسرا چوتھا پانچواں چھٹا ساتواں آٹھواں نواں"),
        ordinal=(("", "واں"),),
        comma="،",
    ),
}
