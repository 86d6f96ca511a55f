"""What staff must act on."""

import pytest

from campaigns.models import Account
from campaigns.queries import notices
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("skew", "said"), [(600.0, "10.0 minutes ahead"), (-90.0, "1.5 minutes behind")])
def test_a_clock_of_xfin_s_that_differs_is_told(skew: float, said: str) -> None:
    make_campaign()
    Account.objects.update(clock_skew=skew)
    assert said in notices.notices()[0].title


@pytest.mark.parametrize("skew", [None, 0.0, 12.0, -29.0])
def test_a_clock_that_is_right_or_not_known_is_not(skew: float | None) -> None:
    make_campaign()
    Account.objects.update(clock_skew=skew)
    assert notices.notices() == []


def test_an_error_of_ours_in_work_for_an_account_is_told() -> None:
    make_campaign()
    Account.objects.update(own_failures=3, own_failure="pulling states: list index out of range")
    text = notices.notices()[0].text
    assert text.startswith("pulling states: list index out of range (3 times so far).")
