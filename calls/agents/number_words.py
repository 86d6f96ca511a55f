"""Number and month words of Indian languages, as data for `calls.agents.verbalize`.

A language with `small` has its own word for each number below 100; in the others a voice reads digits, and
only the words for thousand, lakh and crore stand here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A power word. `joined` is its form before a rest; the `single` forms say exactly one of it."""

    size: int
    word: str
    joined: str
    single: str = ""
    single_joined: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`hundreds`: 100, 200 … 900, alone and before a rest. `one_rupee` is the whole phrase.

    `hour` and `hour_minute` are forms to be filled with `{hour}` and `{minute}`; `parts_of_day` are morning,
    noon and afternoon, evening, night, and stand before the time unless `part_behind`; `zero_minute` comes
    before a minute below ten.
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
        hundreds=tuple(f"{word} सौ" for word in _HI.split()[1:10]),
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
        hundreds=tuple(f"{word} hundred" for word in _EN_ONES.split()),
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
    ),
    "kn": Words(
        months=_list("ಜನವರಿ ಫೆಬ್ರವರಿ ಮಾರ್ಚ್ ಏಪ್ರಿಲ್ ಮೇ ಜೂನ್ ಜುಲೈ ಆಗಸ್ಟ್ ಸೆಪ್ಟೆಂಬರ್ ಅಕ್ಟೋಬರ್ ನವೆಂಬರ್ ಡಿಸೆಂಬರ್"),
        scales=_scales("ಕೋಟಿ", "ಲಕ್ಷ", "ಸಾವಿರ"),
        one_rupee="ಒಂದು ರೂಪಾಯಿ",
        rupees="ರೂಪಾಯಿ",
        paise="ಪೈಸೆ",
        hour="{hour} ಗಂಟೆಗೆ",
        hour_minute="{hour} ಗಂಟೆ {minute} ನಿಮಿಷಕ್ಕೆ",
        parts_of_day=("ಬೆಳಿಗ್ಗೆ", "ಮಧ್ಯಾಹ್ನ", "ಸಂಜೆ", "ರಾತ್ರಿ"),
        month_first=True,
    ),
    "ml": Words(
        months=_list("ജനുവരി ഫെബ്രുവരി മാർച്ച് ഏപ്രിൽ മേയ് ജൂൺ ജൂലൈ ഓഗസ്റ്റ് സെപ്റ്റംബർ ഒക്ടോബർ നവംബർ ഡിസംബർ"),
        scales=(
            Scale(10_000_000, "കോടി", "കോടി"),
            Scale(100_000, "ലക്ഷം", "ലക്ഷത്തി", "ഒരു ലക്ഷം", "ഒരു ലക്ഷത്തി"),
            Scale(1000, "ആയിരം", "ആയിരത്തി", "ആയിരം", "ആയിരത്തി"),
        ),
        one_rupee="ഒരു രൂപ",
        rupees="രൂപ",
        paise="പൈസ",
        hour="{hour} മണിക്ക്",
        hour_minute="{hour} മണി {minute} മിനിറ്റിന്",
        parts_of_day=("രാവിലെ", "ഉച്ചയ്ക്ക്", "വൈകുന്നേരം", "രാത്രി"),
        month_first=True,
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
    ),
}
