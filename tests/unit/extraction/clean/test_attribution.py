"""Who wrote what stands below, as mail programs say it in many languages; and sentences that only sound like it."""

import pytest

from extraction.clean.attribution import Attribution, find

WHO = "Ana Lee <ana@example.org>"


@pytest.mark.parametrize(
    "text",
    [
        f"On Mon, 5 Mar 2018 at 09:12, {WHO} wrote:",
        f"On Mon, 5 Mar 2018 at 09:12, {WHO}\nwrote:",
        "On Mar 5, 2018, at 9:12 AM, Ana Lee\nof the landlord's\noffice <ana@example.org>\nwrote:",
        f"{WHO} wrote:",
        f"{WHO} schrieb am 05.03.2018 um 09:12:",
        f"Am Mo., 5. März 2018 um 09:12 Uhr schrieb {WHO}:",
        f"Le lun. 5 mars 2018 à 09:12, {WHO} a écrit :",
        "Le 13/04/2017 à 15:24, list@example.org a écrit :",
        "El lun, 5 mar 2018 a las 9:12, Ana Lee (<ana@example.org>) escribió:",
        f"Op zo 29 dec 2024 om 22:44 schreef {WHO}",
        f"Op 5 mrt. 2018 om 09:12 heeft {WHO} het volgende geschreven:",
        f"Il giorno lun 5 mar 2018 alle ore 09:12 {WHO} ha scritto:",
        f"Em seg., 5 de mar. de 2018 às 09:12, {WHO} escreveu:",
        f"Den mån 5 mars 2018 kl 09:12 skrev {WHO}:",
        f"pon., 5 mar 2018 o 09:12 {WHO} napisał(a):",
        f"пн, 5 мар. 2018 г. в 09:12, {WHO}:",
        f"2018-03-05 9:12 GMT+01:00 {WHO}:",
        f"2018年3月5日(月) 9:12 {WHO}:",
        f"{WHO} 于2018年3月5日周一 上午9:12写道：",
        "On Thursday, March 14, 2013 at 6:02 PM, Ana Lee said:",
        "--- On Mon, 3/5/18, Ana Lee <ana@example.org> wrote:",
        "In a message dated 3/5/2018 9:12:00 AM Eastern Standard Time, ana@example.org writes:",
        f"Quoting {WHO}:",
        "On Monday, 4 May 2009, A. Person wrote:",
    ],
)  # fmt: skip
def test_these_open_a_quote(text: str) -> None:
    lines = text.split("\n")
    assert find([*lines, "", "old"], 0) == Attribution(len(lines), sure=True)


@pytest.mark.parametrize(
    "text", ["Ana Lee wrote:", "On Monday she wrote:", "as my mother said:", "On page 12 she wrote:"]
)
def test_these_open_one_only_above_a_marked_quote(text: str) -> None:
    assert find([text, "> old"], 0) == Attribution(1, sure=False)


@pytest.mark.parametrize(
    "text",
    [
        "On Monday we wrote to ana@example.org and asked for more",
        "i wrote to Ana Lee <ana@example.org> in 2018",
        "from 9:00 to 10:30 on 5 March 2018 we meet",
        "here is what i need:",
        "",
    ],
)
def test_these_are_none(text: str) -> None:
    assert find([text, "", "more"], 0) is None


def test_the_shortest_one_is_taken() -> None:
    lines = [f"{WHO} wrote:", "see you at 9:12 on 5 March 2018,", f"{WHO} wrote:"]
    assert find(lines, 0) == Attribution(1, sure=True)
