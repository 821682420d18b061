"""What is pasted into a mail goes; what its writer typed stays, however long and formal it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean.pasted import drop_or_remove, remove
from extraction.clean.steps import Rejected
from extraction.reason import Reason

INTRO = "Thought you would like this one. I read it on the train this morning."

NEWS = """\
PORT HALVEN (Northern Wire) - The harbour authority said on Tuesday that it will close two of its five berths in the
autumn, a decision that officials of the shipping companies described as a blow to the region.

The berths were built in 1961 and repaired twice. An inspection in March found cracks in the foundations of both, and
engineers told the board that a repair would cost more than a new quay, according to people who attended the meeting.

"Nobody wanted this," said Marit Osland, a spokeswoman for the authority. "The alternative was to wait until the
concrete failed, and then to close the whole basin."

Analysts said the closure would move about a tenth of the traffic to other ports by the end of the year. Shares of
Osland Lines fell 4 percent in early trading.
"""

RELEASE = """\
FOR IMMEDIATE RELEASE

Brightwater Systems Announces New Generation of Pumps

ELLINGTON, May 4, 2001 -- Brightwater Systems Inc., a leading provider of industrial water solutions, today announced
the immediate availability of the Series 9 pump, which delivers up to 30 percent more throughput than comparable
products. The Series 9 is designed for municipal customers and includes remote diagnostics.

About the company: Brightwater Systems was founded in 1978 and employs 340 people. All rights reserved.
"""

JOKE = """\
A farmer walks into the post office with a goose under his arm and asks the clerk for a stamp.

"We do not serve geese," says the clerk.

"It is not for the goose," the farmer replied. "She only came along to lick it."

The clerk looked at the goose, and the goose looked at the clerk. The farmer said nothing. After a while the old man
put two coins on the counter and told the woman behind him that the goose had been a clerk herself once.
"""

CHAIN = """\
Subject: Read this before you open your freezer

This is a true story. A woman in Ohio found a note in her freezer that had been there for eleven years. The note said
that whoever found it would be lucky for as long as the ice lasted.

Do not break the chain! Send this to at least ten friends within the hour. A man in Kent deleted it and his car would
not start for a week. Author unknown.
"""

NOTICE = """\
May 12, 2000

NOTICE TO ALL TENANTS OF THE EAST BUILDING:

In accordance with section 14 of the house rules, the water supply will be interrupted on Thursday, May 18, between
8:00 a.m. and 2:00 p.m. Tenants are advised to store sufficient quantities.

For additional information contact the Facilities Desk at extension 4410.
"""

VACANCY = """\
Job Title: Assistant Curator
Location: Lower Marsh, main building
Requisition: 20-1140
Responsibilities: The successful candidate will maintain the catalogue, supervise loans and prepare two exhibitions.
Requirements: A degree in history or a related discipline and three years of comparable experience.
"""

LOG = """\
lena44: you there
Tom: yes
lena44: did he call
Tom: not yet
Tom: i will wait until six
lena44: ok
"""

FORMAL = """\
Mr. Alder asked me whether the draft agreement can be signed before the end of the month. I have gone through it and
have three concerns, which I set out below.

First, the indemnity in section 9 is not mutual. Our client would indemnify the seller against all claims, whereas the
seller's own obligation is limited to the purchase price. That is unusual, and I do not think that we should accept it.

Second, the definition of "Closing" refers to an exhibit that does not exist. The parties presumably meant Exhibit C.

Third, the representations survive for five years. The customary period in transactions of this size is eighteen months.

Please let me know how you would like to proceed. I can be reached at the office until Thursday.
"""

FAMILY = """\
We got back on Sunday and the house was still standing, more or less. The roof man came and went and came again. He said
the gutters were fine, then he said they were not, then he asked for money.

Dad planted the beans. Eleven rows of them. I told him nobody eats so many beans and he told me to wait for the winter.

Your cousin was here with the new baby. She looks like your grandmother around the eyes, and she has the same temper.

Call when you can. There is soup in the freezer if you come by on the way.
"""

REPORT = """\
Here is what I found when I went through the pump logs for June.

Pump 2 ran 41 hours longer than scheduled. The valve upstream stuck twice, on the 9th and on the 17th, and both times
the night shift restarted it by hand. That explains most of the difference in the flow numbers.

Pump 4 was down from the 20th on. The bearing is on order, four weeks. Until then station B runs on one pump only.

I moved the totals into the sheet, tab 3. Let me know if the numbers look wrong to you.
"""

GERMAN = """\
Der Handwerker war am Montag da und hat die Heizung angeschaut. Das Ventil im Keller klemmt, das Ersatzteil kommt in
zwei Wochen. Bis dahin bleibt das Bad kalt, aber die Küche und das Wohnzimmer werden warm.

Die Unterlagen für die Versicherung liegen auf dem Schreibtisch im Arbeitszimmer, gleich neben dem Drucker. Die Rechnung
vom Dachdecker fehlt noch, die hat Sabine wahrscheinlich mit nach Hamburg genommen.

Der Garten sieht wieder ordentlich aus. Die Tomaten stehen jetzt an der Südwand und bekommen mehr Sonne als früher.
"""

SPANISH = """\
El martes llegaron las cajas del almacén y faltaban dos, la de los libros y la de la cocina. El chófer dijo que estaban
en el camión pero nadie las encontró, ni él ni el muchacho que venía con él.

La casa nueva tiene mucha luz por la mañana y la cocina da al patio. Los vecinos de arriba hacen ruido hasta tarde pero
son simpáticos, trajeron un pastel el primer día.
"""

LIST = """\
For the weekend I need:

Name: Marta
Room: 12
Arrival: Friday, 6 pm
Dinner: yes, two persons

Name: Jon
Room: 14
Arrival: Saturday, noon
Dinner: no

thanks!
"""


@pytest.mark.parametrize("page", [NEWS, RELEASE, JOKE, CHAIN, NOTICE, VACANCY, LOG])
def test_a_page_below_his_words_goes(page: str) -> None:
    assert remove(f"{INTRO}\n\n\n{page}") == INTRO


@pytest.mark.parametrize("page", [NEWS, RELEASE, JOKE, CHAIN, NOTICE, VACANCY, LOG])
def test_a_mail_that_is_nothing_but_a_page_is_dropped(page: str) -> None:
    assert drop_or_remove(page) == Rejected(Reason.PASTED)


@pytest.mark.parametrize("own", [FORMAL, FAMILY, REPORT, GERMAN, SPANISH, LIST, INTRO, "", "lol\n\nok"])
def test_what_a_person_typed_stays(own: str) -> None:
    assert remove(own) == own.strip("\n") or remove(own) == own


def test_words_that_are_strange_to_him_weigh_more() -> None:
    story = "The bridge was closed for a year, and the ferry ran day and night while the masons worked on the pillars. "
    mail = f"{INTRO}\n\n{story * 2}"
    assert remove(mail, lambda _: 0.0) == mail
    assert remove(mail, lambda paragraph: 0.0 if paragraph.startswith(INTRO) else 9.0) == INTRO


@settings(deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from('\n\n :"AaIi.'))))
def test_no_text_raises_and_twice_is_once(text: str) -> None:
    once = remove(text)
    assert remove(once) == once
