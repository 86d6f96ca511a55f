"""Staff make a survey and a reminder in the portal, call people of the sandbox with them, and see what came.

No JSON, no admin: what an administrator enters once (account, number, template, registration) is there. All
processes are real: web, workers, scheduler, and the sandbox with its people.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from awaaz_project.launch.demo import DEMO_SETTINGS
from awaaz_project.launch.demo_clock import IST, clock_offset
from awaaz_project.launch.processes import wait_for_http, wait_until
from awaaz_project.launch.system import System, free_port
from calls.models import Call
from campaigns.models import (
    Account,
    Calendar,
    CallerDeclaration,
    Campaign,
    DialogueVersion,
    PhoneNumber,
    Registration,
    Template,
    TemplateLanguage,
)
from sandbox.people.people import Kind, cast
from tests.browser import test_portal as portal
from tests.browser.test_portal import (
    asha,  # noqa: F401  # a fixture
    chromium,  # noqa: F401  # a fixture
    console_of,
)
from tests.browser.test_studio import SPEAKS, add, choose, kept, say
from tests.calls.servers import database_url

pytestmark = [*portal.pytestmark, pytest.mark.timeout(400), pytest.mark.long]
PASSWORD = "a-password-of-the-sandbox"
SURVEY = {
    "9825112401": ("whole_survey", "hi"),
    "9825112402": ("whole_survey", "en"),
    "9825112403": ("whole_survey", "hi"),
    "9825112404": ("unhappy_survey", "en"),
    "9825112405": ("unhappy_survey", "hi"),
    "9825112406": ("opts_out", "en"),
}
PATIENT = "9825112410"


@pytest.fixture
def house(tmp_path: Path, asha: object) -> Iterator[System]:  # noqa: F811
    """The whole house on the test's database, an account with a number and a template."""
    port = free_port()
    env = {
        **DEMO_SETTINGS,
        # Each tick is twenty tasks; what is waited for here is mostly people who talk.
        "TICK_SECONDS": "2",
        "CLOCK_OFFSET": str(clock_offset(datetime.now(IST))),
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": database_url(),
        "REDIS_URL": "",
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "awaaz_project.settings",
        "PUBLIC_STREAM_URL": f"ws://127.0.0.1:{port}",
        # The people here wait for words to end, whenever they come.
        "SPEECH_AHEAD_SECONDS": "0",
    }
    house = System(env, web_port=port, sandbox_port=free_port())
    # Nothing is withdrawn or stopped here: the worker that protects people stays out, a fifth of the cost.
    house.children.remove(house.guard)
    # The sandbox is another program with settings of its own.
    house.sandbox.env = {name: value for name, value in env.items() if name != "DJANGO_SETTINGS_MODULE"}
    try:
        for child in house.children:
            child.start()
        wait_for_http(f"{house.sandbox_url}/sandbox/health", child=house.sandbox)
        organisation(house)
        wait_for_http(house.web_url, child=house.web)
        yield house
    finally:
        house.stop()


def organisation(house: System) -> None:
    """What an administrator enters once, here and in the sandbox."""
    tenant, email = "village", "uploads@village.example"
    house.ask_sandbox("/sandbox/tenants", {"tenant": tenant, "email": email, "password": PASSWORD})
    account = Account.objects.create(
        name="Village Trust", base_url=house.sandbox_url, tenant=tenant, email=email, password=PASSWORD
    )
    number = PhoneNumber.objects.create(account=account, e164="+911600110245", series="1600", max_calls=20)
    template = Template.objects.create(account=account, name="Calls of the trust")
    template.numbers.add(number)
    for language in ("hi", "en"):
        TemplateLanguage.objects.create(template=template, language=language, syntax="_W_ _N_ _W_")
    Registration.objects.create(
        account=account,
        sector=Registration.Sector.REGULATED,
        principal_entity="1101000000000000001",
        telemarketer="1202000000000000001",
        valid_from=date(2026, 1, 1),
        gap_minutes=0,
        caps_reason="The people live in the sandbox and may be rung again after a minute.",
    )
    CallerDeclaration.objects.create(
        number=number, operator="Sandbox", reference="A2P-1", declared_on=date(2026, 11, 1)
    )
    line = {
        "tenant": tenant,
        "phone_number": number.e164,
        "container": number.container,
        "concurrency": 20,
        "calls_per_second": 1,
    }
    house.ask_sandbox(
        "/sandbox/numbers", {**line, "stream_url": house.env["PUBLIC_STREAM_URL"] + number.stream_path}
    )
    assigned = {f"+91{phone}": person for phone, (person, _) in SURVEY.items()}
    assigned[f"+91{PATIENT}"] = "moves_appointment"
    house.ask_sandbox("/sandbox/people", {"seed": "studio", "assigned": assigned})


@pytest.fixture
def page(house: System, chromium: Browser) -> Iterator[Page]:  # noqa: F811
    """A page of Asha's in a browser with a microphone."""
    browser = chromium.browser_type.launch(executable_path=portal.CHROMIUM, args=[*portal.FLAGS, *SPEAKS])
    page = browser.new_context(base_url=house.web_url, viewport={"width": 1360, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)  # five processes start and speak beside the browser
    page.goto("/login/")
    page.get_by_label("Username").fill("asha")
    page.get_by_label("Password").fill(portal.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    yield page
    expect.set_options(timeout=5_000)
    browser.close()


# --- In the studio -------------------------------------------------------------------------------------


def make_survey(page: Page) -> None:
    page.goto("/dialogues/new/")
    page.get_by_label("Name").fill("Village survey")
    page.get_by_role("button", name="Make the dialogue").click()
    choose(page, "Question")
    page.get_by_label("Meaning of key 1").fill("Has water")
    page.get_by_label("Meaning of key 2").fill("Has none")
    say(page, "Asks", hindi="पानी है? 1 या 2।", english="Is there water? 1 or 2.")
    add(page, what="Asks yes or no", name="Road", where="after Question, 1")
    say(page, "Asks", hindi="सड़क है? 1 या 2।", english="A road? 1 or 2.")
    choose(page, "Question")
    page.get_by_label("Key 2 goes to").select_option(label="Road")
    add(page, what="Asks for a rating", name="Score", where="after Road, yes")
    say(page, "Asks", hindi="1 से 5 अंक दें।", english="Give 1 to 5.")
    choose(page, "Road")
    page.get_by_label("No", exact=True).select_option(label="Score")
    add(page, what="Takes digits", name="Household", where="after Score, answered")
    page.get_by_label("The digits are").select_option(label="A number")
    say(page, "Asks", hindi="घर में कितने लोग हैं?", english="How many people?")
    add(page, what="Goes on by what is known", name="Low score?", where="after Household, answered")
    page.get_by_label("Value of condition 1, case 1").select_option(label="Rating 1")
    page.get_by_label("Relation of condition 1, case 1").select_option(label="is less than")
    page.get_by_label("Compared to, condition 1, case 1").fill("3")
    kept(page, "less_than")
    add(page, what="Asks for a key", name="Why low", where="after Low score?, case 1")
    page.get_by_label("Meaning of key 1").fill("Too far")
    page.get_by_label("Meaning of key 2").fill("Too dear")
    say(page, "Asks", hindi="क्यों? 1 या 2।", english="Why? 1 or 2.")
    page.reload()
    expect(page.locator("#problems")).to_contain_text("nothing")


def talk(page: Page) -> None:
    """Answer the draft with the keypad, as a person who is content would."""
    page.get_by_role("link", name="Try it").click()
    page.get_by_role("link", name="Talk to it now").click()
    page.get_by_label("Language").select_option("en")
    page.get_by_role("button", name="Talk to it now").click()
    for title, keys in (("Question", "1"), ("Road", "1"), ("Score", "5"), ("Household", "4#")):
        expect(page.locator("#events")).to_contain_text(f"“{title}” begins")
        for key in keys:
            page.keyboard.press(key)
    expect(page.locator("#line [data-said=state]")).to_contain_text("The call is over")
    assert Call.objects.get().direction == "try"


def publish(page: Page, name: str) -> None:
    page.goto("/dialogues/")
    page.get_by_role("link", name=name).first.click()
    page.get_by_role("link", name="Publish version 1").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Version 1 is published.")).to_be_visible()


def make_reminder(page: Page) -> None:
    """A calendar with two times, one of them taken at the desk, and the ready dialogue about it."""
    page.goto("/calendars/")
    page.get_by_label("Name").fill("Eye clinic")
    page.get_by_role("button", name="Make").click()
    first = datetime.now(IST) + timedelta(days=2)
    for label in ("From (IST)", "To, that day included"):
        page.get_by_label(label).fill(f"{first + timedelta(days=label != 'From (IST)'):%Y-%m-%d}")
    for day in (first, first + timedelta(days=1)):
        page.get_by_label(f"{day:%A}").check()
    page.get_by_label("Place").fill("Anand")
    page.get_by_label("At these times").fill("10:00")
    page.get_by_role("button", name="Enter the slots").click()
    row = page.get_by_role("row").filter(has_text="10:00").first
    row.get_by_text("Enter a person").click()
    row.get_by_label("Phone number").fill(PATIENT)
    row.get_by_label("Name").fill("Asha")
    row.get_by_role("button", name="Book").click()
    expect(page.get_by_text("Booked:")).to_be_visible()
    page.goto("/dialogues/new/")
    page.get_by_label("Name").fill("Clinic reminder")
    page.get_by_label("Ready made: Appointment").check()
    page.get_by_role("button", name="Make the dialogue").click()
    for step in ("Look up the appointment", "Another time", "Give it back"):
        choose(page, step)
        page.get_by_label("Calendar", exact=True).select_option(label="Eye clinic")
        expect(page.locator("#step-form[data-keeping]")).to_have_count(0)


# --- Campaigns -----------------------------------------------------------------------------------------


def launch(page: Page, name: str, *, dialogue: str, people: str) -> Campaign:
    page.goto("/campaigns/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Template", exact=True).select_option(label="Calls of the trust")
    page.get_by_label("Number", exact=True).select_option(index=1)
    page.get_by_label("Agent").select_option(label=dialogue)
    page.get_by_label("Purpose of the call").select_option("service")
    page.get_by_label("Calls a minute at most").fill("240")
    # Where the machine is too busy to take a call, that person is called again.
    page.get_by_label("Calls to one person at most").fill("3")
    page.get_by_label("Minutes before each retry").fill("1, 1")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Add people").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": people.encode()}
    )
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("people were added.")).to_be_visible()
    page.get_by_role("link", name="To the campaign").click()
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    return Campaign.objects.get(name=name)


def pressed(person: str) -> list[str]:
    """What a person of the sandbox answers with: one entry for each prompt that was listened to."""
    answers: list[str] = []
    for step in cast()[person].script:
        if step.kind is Kind.PRESS:
            answers.append(step.value.rstrip("#"))
    return answers


def expected(number: int) -> Counter[str]:
    """How often which answer is given to a question, by the scripts of those who answer it."""
    given = (pressed(person) for person, _ in SURVEY.values() if person != "opts_out")
    return Counter(answers[number] for answers in given if len(answers) > number)


def shown(page: Page) -> dict[str, dict[str, int]]:
    """The answers on a campaign's page: question, answer, count."""
    found: dict[str, dict[str, int]] = {}
    for table in page.locator("#answers table").all():
        question = table.locator("caption").inner_text().removeprefix("Answers to ")
        rows = table.locator("tbody tr").all()
        found[question] = {
            row.locator("td").nth(0).inner_text(): int(row.locator("td").nth(2).inner_text()) for row in rows
        }
    return found


def test_what_people_answer_is_what_they_were_scripted_to(page: Page, house: System) -> None:
    complaints = console_of(page)
    make_survey(page)
    talk(page)
    publish(page, "Village survey")
    people = "phone,name,language\n" + "".join(
        f"{phone},Person,{language}\n" for phone, (_, language) in SURVEY.items()
    )
    survey = launch(page, "Village survey, December", dialogue="Village survey", people=people)
    make_reminder(page)
    publish(page, "Clinic reminder")
    patient = f"phone,name,language\n{PATIENT},Asha,en\n"
    reminder = launch(page, "Appointments", dialogue="Clinic reminder", people=patient)
    for campaign in (survey, reminder):
        over = Campaign.objects.filter(pk=campaign.pk, state="completed")
        assert wait_until(over.exists, timeout=180), campaign.recipients.values("state", "reason")
    page.goto(survey.get_absolute_url())
    expect(page.locator("#answers table").first).to_be_visible()
    words: tuple[dict[str, str], ...] = (
        {"1": "Has water", "2": "Has none"},
        {"1": "Yes", "2": "No"},
        {},
        {},
        {"1": "Too far", "2": "Too dear"},
    )
    found = shown(page)
    assert [*found.values()] == [
        {words[n].get(key, key): count for key, count in expected(n).items()} for n in range(len(words))
    ]
    page.goto(Calendar.objects.get().get_absolute_url() + "?show=appointments")
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="Moved to another slot")).to_have_count(1)
    expect(rows.filter(has_text="Booked in a call.")).to_have_count(1)
    assert [version.dialogue.agent.name for version in DialogueVersion.objects.order_by("pk")] == [
        "Village survey",
        "Clinic reminder",
    ]
    assert not complaints
