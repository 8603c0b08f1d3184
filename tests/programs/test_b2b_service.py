"""P6, the business service as far as it goes today (see `tests.programs.tables`)."""

from tests.programs.tables import check


def test_invoices_that_are_paid_give_credit_and_standing() -> None:
    """Issued and disputed ones give nothing; a strategic account and one with a framework contract get more."""
    check("b2b_service", """
        invoice        crm:acme  2026-01-10T10:00  invoice_id=i1 status=issued total=4000.00EUR due_on=2026-02-10
          -> tier standard JOINED | tier standard, partner in 500 standing
        invoice        crm:acme  2026-02-12T10:00  invoice_id=i1 status=paid total=4000.00EUR
          -> paid +4000 credit, business +40 standing | credit 4000, standing 40, partner in 460 standing
        member_update  crm:acme  2026-02-13T10:00  contract=framework owner=marta  -> nothing | -
        invoice        crm:acme  2026-03-12T10:00  invoice_id=i2 status=paid total=52000.01EUR
          -> paid +104000 credit, business +521 standing, tier partner QUALIFIED until 2027-04-10T23:00
          | credit 108000, standing 561, tier partner until 2027-04-11, strategic in 1439 standing
        invoice        crm:acme  2026-04-12T10:00  invoice_id=i3 status=disputed total=900.00EUR  -> nothing | -
        invoice        crm:acme  2026-04-13T10:00  invoice_id=i4 status=paid total=50.00EUR
          -> business +1 standing | standing 562, strategic in 1438 standing
        """, "balances", "tier", "next")  # fmt: skip


def test_tickets_surveys_and_training_count_too() -> None:
    """Service leaves its marks: an answer in three months, a first contact, a module once it was trained for."""
    check("b2b_service", """
        ticket             crm:acme  2026-01-10T10:00  ticket_id=t1 status=opened severity=high
          -> tier standard JOINED | partner in 500 standing
        ticket             crm:acme  2026-01-10T12:00  ticket_id=t1 status=solved first_contact=true
          -> first_contact +2 standing | standing 2, partner in 498 standing
        survey_answer      crm:acme  2026-01-11T10:00  survey=ces score=6 ticket_id=t1
          -> answered +500 credit | credit 500
        survey_answer      crm:acme  2026-02-11T10:00  survey=nps score=9  -> nothing | -
        survey_answer      crm:acme  2026-04-12T10:00  survey=nps score=9  -> answered +500 credit | credit 1000
        module_enabled     crm:acme  2026-04-13T10:00
          -> adoption +0 standing (+25 pending) | standing pending 25
        training_attended  crm:acme  2026-04-20T10:00
          -> release.adoption +25 standing (-25 pending) | standing 27, partner in 473 standing, no standing pending
        payment_promise    crm:acme  2026-04-21T10:00  invoice_id=i9 promised_on=2026-05-01  -> nothing | -
        """, "balances", "next")  # fmt: skip


def test_an_incident_is_made_good_and_a_mistake_taken_back() -> None:
    """By adjustment, with a reason; more than there is may be taken, the rest is owed; staff see it."""
    check("b2b_service", """
        points_adjust  crm:acme  2026-01-10T10:00  20000 credit
          -> points_adjust +20000 credit, tier standard JOINED | credit 20000, 20000 credit to 2026-06-30
        accrual        crm:acme  2026-01-11T10:00  accrual_id=p1 currency=credit points=80000 qualifying=false
          -> accrual +80000 credit | credit 100000, 100000 credit to 2026-06-30
        redeem         crm:acme  2026-01-12T10:00  r1 90000 credit training_day
          -> redeem -90000 credit, training_day issued
          | credit 10000, 10000 credit to 2026-06-30, voucher training_day
        activity       crm:acme  2026-02-12T10:00  training_day  -> training_day used | no voucher training_day
        redeem_cancel  crm:acme  2026-02-13T10:00  r1  -> refused VOUCHER_USED | -
        points_adjust  crm:acme  2026-02-14T10:00  -15000 credit
          -> points_adjust -15000 credit
          | credit 0, credit owed 5000, till: owes points, call_centre: owes points, no credit to 2026-06-30
        later          crm:acme  2026-07-01T10:00  -> nothing | -
        """, "balances", "expiries", "vouchers", "staff")  # fmt: skip


def test_accounts_are_told_apart_by_contract_and_crm_id() -> None:
    """People join their account; two contracts stay two whatever address they share, and an owner is told."""
    check("b2b_service", """
        call     crm:acme+email:ana@acme.example  2026-01-10T10:00  topic=contract
          -> tier standard JOINED | tier standard
        ticket   email:ana@acme.example+external:k-1  2026-01-11T10:00  ticket_id=t1 status=opened
          -> nothing | -
        ticket   external:k-2+tax_number:ESB12345678  2026-01-12T10:00  ticket_id=t2 status=opened
          -> tier standard JOINED | tier standard
        ticket   external:k-2+email:ana@acme.example  2026-01-13T10:00  ticket_id=t3 status=opened
          -> identity_conflict told to account management | -
        invoice  tax_number:esb12345678  2026-01-14T10:00  invoice_id=i1 status=paid total=1000.00EUR
          -> paid +1000 credit, business +10 standing | credit 1000, standing 10
        """, "balances", "tier")  # fmt: skip


def test_standing_falls_one_step_a_year() -> None:
    """With thirty days of grace; onboarding has ninety days from the contract's start."""
    check("b2b_service", """
        subscription       crm:acme  2026-01-02T10:00  suite started
          -> tier standard JOINED, onboarding granted | tier standard, partner in 500 standing, onboarding 0/5
        module_enabled     crm:acme  2026-01-03T10:00
          -> adoption +0 standing (+25 pending) | onboarding 1/5
        module_enabled     crm:acme  2026-01-04T10:00
          -> adoption +0 standing (+25 pending) | onboarding 2/5
        module_enabled     crm:acme  2026-01-05T10:00
          -> adoption +0 standing (+25 pending) | onboarding 3/5
        module_enabled     crm:acme  2026-02-05T10:00
          -> adoption +0 standing (+25 pending) | onboarding 4/5
        module_enabled     crm:acme  2026-04-01T10:00
          -> adoption +0 standing (+25 pending), offer.onboarding +50000 credit, onboarding completed 5
          | onboarding done
        training_attended  crm:acme  2026-04-02T10:00  quantity=50
          -> release.adoption +25 standing (-25 pending), release.adoption +25 standing (-25 pending)
          | partner in 450 standing
        training_attended  crm:acme  2026-04-03T10:00
          -> release.adoption +25 standing (-25 pending), release.adoption +25 standing (-25 pending),
             release.adoption +25 standing (-25 pending)
          | partner in 375 standing, no onboarding
        invoice            crm:acme  2026-05-02T10:00  invoice_id=i1 status=paid total=200000.00EUR
          -> paid +200000 credit, business +2000 standing, tier strategic QUALIFIED until 2027-05-31T22:00,
             points_expiring raised 50000, credit_ending suppressed by email
          | tier strategic until 2027-05-31, review 0/4, engineer 0/2, no next tier
        activity           crm:acme  2026-05-03T10:00  business_review  -> nothing | review 1/4
        later              crm:acme  2027-06-02T10:00
          -> expired -250000 credit, tier partner ONE_DOWN until 2028-06-29T22:00, points_expiring cleared
          | tier partner until 2028-06-29, strategic in 2000 standing, no review, no engineer
        later              crm:acme  2028-07-02T10:00
          -> tier standard PERIOD_ENDED | tier standard, partner in 500 standing
        """, "tier", "next", "perks", "offers")  # fmt: skip
