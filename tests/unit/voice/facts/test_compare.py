import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.facts.compare import Difference, compare, invented
from voice.facts.figures import READERS, figures, signs


@pytest.mark.parametrize(
    ("neutral", "own", "expected"),
    [
        ("See you at 7:30 PM.", "7:30pm", []),
        ("It is 1,000 dollars.", "1000 bucks", []),
        ("See you.", "see u at 8", ["number"]),
        ("Before noon.", "b4 noon", []),
        ("8 people.", "8 ppl, all 8", []),
        ("On 3/4.", "on 3/5 or 6", ["date", "number"]),
        ("Call me.", "call <phone1>", ["phone"]),
        ("Call <phone1>.", "<phone1> or <phone1>", ["phone"]),
        ("Let us meet.", "lets meet tues", ["weekday"]),
        ("It costs money.", "its $40", ["amount"]),
        ("An hour.", "1 hour", []),
        ("Two hours.", "2 hrs", []),
        ("Back to August. 6 stars.", "back to august—6 stars", []),
        ("On Sept. 6, or Aug. 7.", "sept 6 or aug 7", []),
        ("370 bucks is fine.", "370 bcuks is fine", []),
        ("It takes 5 days.", "takes 5 dasy", []),
        ("A 30-day notice.", "30 days notice", []),
        ("Two hours.", "2 days", ["duration"]),
        ("See you there.", "see u there Petra", ["name"]),
    ],
)
def test_invented(neutral: str, own: str, expected: list[str]) -> None:
    assert invented(neutral, own) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("See you at 7:30 PM.", "see u at 7:30pm"),
        ("See you at 7:30 PM.", "see u at 7:30 p.m."),
        ("See you at 19:30.", "see u at 7:30 PM"),
        ("See you at 7 PM.", "see u at 7p"),
        ("See you at 7:00 PM.", "7pm it is"),
        ("At 12 PM.", "at noon"),
        ("It was $1,000.", "it was 1000 dollars"),
        ("It was $1,000.", "it was 1k bucks"),
        ("It costs two million dollars.", "its $2M"),
        ("On March 14.", "on 3/14"),
        ("On March 14th, 2024.", "on 3/14/24"),
        ("On the 14th of March.", "on Mar. 14th"),
        ("On Tuesday.", "on tue"),
        ("On Tuesdays.", "tues"),
        ("See you on Saturday.", "see u on sat"),
        ("20 percent off.", "20% off"),
        ("Two people.", "2 ppl"),
        ("Twenty-five people.", "25 ppl"),
        ("Two hundred people.", "200 ppl"),
        ("One hour.", "1 hr"),
        ("A 30-minute call.", "30 min call"),
        ("It takes three weeks.", "takes 3 wks"),
        ("The first one.", "the 1st one"),
        ("Version 4.0.2 is out.", "v4.0.2 is out"),
        ("Room B12 is free.", "b12 is free"),
        ("Seat 14C.", "14c"),
        ("In Q3.", "q3"),
        ("A 1920x1080 screen.", "1920x1080 screen"),
        ("12,500 people came.", "12.5k ppl came"),
        ("The shop is open from 9 AM to 5 PM.", "open 9am-5pm"),
        ("We will meet at half past eight.", "meet at half 8"),
        ("We will meet at 8:30.", "meet at half eight"),
        ("Kick-off is at 10:30.", "kick off 1030"),
        ("We start at 8:30.", "we start at 8.30"),
        ("We start at 7:00.", "starting 7ish"),
        ("By half past eight.", "half 8ish"),
        ("At half past five.", "at 1730"),
        ("Before two o'clock.", "before 14.00"),
        ("It closed at 4:20.", "closed at 20 past 4"),
        ("Dinner is at 6:45.", "dinner at quarter to seven"),
        ("At two o'clock.", "at 2pm"),
        ("The tickets are €180 each.", "tix are 180 each"),
        ("It takes fifteen minutes.", "takes 15"),
        ("For half an hour.", "for 30 min"),
        ("In an hour and a half.", "in 90 mins"),
        ("For two weeks.", "for a fortnight"),
        ("For 7 days.", "for 1 week"),
        ("Her seventieth birthday.", "her 70th"),
        ("I ran the 10 kilometres.", "ran the 10k"),
        ("I bought both.", "bought both"),
        ("They ask for eighteen thousand.", "they want 18 grand"),
        ("They ask for eighteen thousand pounds.", "they want eighteen grand"),
        ("We made 287 pounds and 40 pence.", "we made £287.40"),
        ("Three and a half hours.", "3.5 hrs"),
        ("Three and a half litres.", "3.5 litres"),
        ("The score is 0.21.", "score's .21."),
        ("It was in 1994.", "was in '94"),
        ("Take it for seven days.", "x7 days"),
        ("There is zero risk.", "0 risk"),
        ("Seventeen out of twenty.", "17/20"),
        ("Table 3.2 may be wrong.", "table 3.2 might be wrong"),
        ("In March or in May.", "in mar or in may"),
        ("The rent for May is paid.", "may rent is paid"),
        ("At half past midnight.", "half 12"),
        ("At half past midnight.", "half midnight"),
        ("Node 12 costs R3,200.", "node12 is R3200"),
        ("We paid 1.2 million.", "paid 1.2 mio"),
        ("The alarm is set for 4.45.", "alarms at 445"),
        ("For twenty years.", "for two decades"),
        ("Since 1998.", "since 98"),
        ("On Monday and Tuesday.", "mon and tues"),
        ("See page 12.", "see p12"),
        ("Bring thirty chairs and twenty-five plates.", "bring 30 chairs + 25 plates"),
        ("We expect about 40 to 50 people.", "we expect ~40-50 ppl"),
        ("See you tomorrow.", "see u tmrw"),
        ("I cannot come.", "I can't come"),
        ("I do not know.", "dunno"),
        ("No, I cannot come.", "cant come"),
        ("No.", "Nope"),
        ("No, thank you.", "nah thanks"),
        ("That is not a problem.", "that's not a problem"),
        ("Could you send it?", "pls send it"),
        ("Could you please send it?", "can u send it"),
        ("Neither Ana nor Bob came.", "Ana and Bob didn't come"),
        ("Maria will come.", "maria's coming"),
        ("I talked to Maria Lopez.", "talked to Maria Lopez"),
        ("I think it is good. Sounds great.", "Sounds great, I think"),
        ("Thank you.", "Thx!!! Heyyy Soo good"),
    ],
)
def test_facts_are_the_same_however_they_are_written(one: str, other: str) -> None:
    assert compare(one, other) == Difference()
    assert compare(other, one) == Difference()


@pytest.mark.parametrize(
    ("before", "after", "missing", "made_up"),
    [
        ("See you at 7:30 PM.", "see u at 7:30 AM", ("time",), ("time",)),
        ("See you at 7:30 PM.", "see u later", ("time",), ()),
        ("See you at 8.", "see u at 9", ("number",), ("number",)),
        ("It takes two days.", "takes 2 weeks", ("duration",), ("duration",)),
        ("Are you coming?", "you are coming", ("question",), ()),
        ("You are coming.", "are you coming", (), ("question",)),
        ("Could you send it?", "send it", ("question",), ()),
        ("Could you send it? Please find it below.", "pls send it. its below", ("question",), ()),
        ("Could you please send it? Please find it below.", "please send it. pls find it below", (), ()),
        ("Are you coming? I asked Ana.", "you are coming. asked ana", ("question",), ()),
        ("Are you coming? I asked Ana.", "let me know if you come. asked ana", (), ()),
        ("Oslo is cold, Ana says.", "it's cold, she says", ("name",), ()),
        ("It costs $40.", "its 40 euros", ("amount",), ("amount",)),
        ("It costs $40.", "its 45", ("amount",), ("number",)),
        ("We meet at 8:30.", "meet at half 9", ("time",), ("time",)),
        ("We meet at 8:30.", "meet at 8", ("time",), ("number",)),
        ("I leave at 6:45.", "i leave at quarter to", (), ()),
        ("Please ask Max about it.", "ask about it", ("name",), ()),
        ("Please ask about it.", "ask Max bout it", (), ("name",)),
        ("I leave at 6:45.", "i leave at quarter past", ("time",), ()),
        ("Thank you very much.", "thanks a million", (), ()),
        ("It was in 1994.", "was in '95", ("number",), ("number",)),
        ("Share it 50/50.", "share it 60/40", ("number",), ("number",)),
        ("It takes 8 hours.", "from 8:00 on", ("duration",), ("time",)),
        ("For two weeks.", "for 2 months", ("duration",), ("duration",)),
        ("On 14 March.", "in march", ("date",), ()),
        ("In March 2024.", "in march 2025", ("date",), ("date",)),
        ("At 7:30 AM.", "at half past 8", ("time",), ("time",)),
        ("On March 14.", "on 3/15", ("date",), ("date",)),
        ("On Tuesday.", "on thurs", ("weekday",), ("weekday",)),
        ("It is 20%.", "its 20", (), ()),
        ("See you tomorrow.", "see u today", ("day",), ("day",)),
        ("I cannot come.", "can come", ("negation",), ()),
        ("I can come.", "I can't come", (), ("negation",)),
        ("No.", "Yes", ("negation",), ()),
        ("Maria will come.", "she's coming", ("name",), ()),
        ("She will come.", "Maria's coming", (), ("name",)),
        ("Thank you.", "Thanks, Petra", (), ("name",)),
        ("We met in Oslo.", "we met", ("name",), ()),
        ("Version 4.0.2 is out.", "4.0.3 is out", ("number",), ("number",)),
        ("Room B12 is free.", "b13 is free", ("number",), ()),
        ("Seat 14C.", "seat 15C", ("number",), ("number",)),
        ("A 1920x1080 screen.", "1920x1200 screen", ("number",), ("number",)),
        ("See you.", "see u in B4", (), ("number",)),
        ("Call <phone1>.", "call me", ("phone",), ()),
        ("Call <phone1>.", "call <phone2>", ("phone",), ("phone",)),
        ("Call <phone1>.", "call <phone1> <phone1>", (), ("phone",)),
    ],
)
def test_a_difference(before: str, after: str, missing: tuple[str, ...], made_up: tuple[str, ...]) -> None:
    assert compare(before, after) == Difference(missing, made_up)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Thank you.", "thanks, nic", ("name",)),
        ("Nic, thank you.", "thanks nic", ()),
        ("Thank you.", "thanks, picnic", ()),
    ],
)
def test_the_owner_is_invented_in_any_spelling(before: str, after: str, expected: tuple[str, ...]) -> None:
    assert compare(before, after, owner=["Nic"]).invented == expected


@pytest.mark.parametrize(
    "text",
    [
        "I sat in the sun.",
        "You may march on.",
        "We wed.",
        "b4 h2o mp3",
        "Will you? It may be.",
        "The Sun is out.",
        "LOL OK",
    ],
)
def test_these_are_no_facts(text: str) -> None:
    assert [figure for figure in figures(text) if figure.certain] == []
    assert not compare(text, text.lower())


# What a text about figures is made of: most of it must be of use to one of the patterns.
PARTS = (
    "1 2 12 30 1,000 3.5 7:30 24:00 3/4 2019-02-30 $ € £ us$ % a an one two thirty hundred dozen half thousand k m b "
    "mil million dollars bucks usd euro quid cents yen second secs minute mins hour hrs h day days week wks month mos "
    "year yrs noon midnight am p.m. o'clock jan february Mar sept may 1st 2nd third mon tues weds Sat next on tomorrow "
    "2nite tonight today yday yesterday tmrw tomorow once single percent per cent pct June fri wednesday by of"
).split()


@given(st.lists(st.sampled_from(PARTS), max_size=8), st.sampled_from([" ", "-", ""]))
def test_no_figures_raise(parts: list[str], between: str) -> None:
    text = between.join(parts)
    assert not compare(text, text)
    assert invented(text, text) == []


@given(st.lists(st.sampled_from(PARTS), max_size=8), st.sampled_from([" ", "-", ""]))
def test_what_a_reader_is_tried_for_stands_in_all_that_it_finds(parts: list[str], between: str) -> None:
    text = between.join(parts)
    for pattern, _, needs in READERS:
        if pattern.search(text):
            assert needs <= signs(text)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("0123456789:/$%., apmnoNt'[]_"))))
def test_no_text_raises_or_differs_from_itself(text: str) -> None:
    assert not compare(text, text)
    assert invented(text, text) == []
