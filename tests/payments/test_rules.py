"""The rules of a checkout's money, and what no history may break."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import payments
from domain.kernel import Rejected, fold
from domain.money import Money
from domain.payments import (
    ApplyDeposit,
    Authorise,
    CancelShare,
    Capture,
    CheckoutPaid,
    Collect,
    DepositApplied,
    DepositReturned,
    Fail,
    Intend,
    OpenPayments,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentIntended,
    PaymentRefunded,
    PaymentsOpened,
    Refund,
    RefundRequested,
    RequestRefund,
    ReturnDeposit,
    Share,
    ShareCancelled,
)
from tests.support.deciders import given
from tests.support.histories import history, stored


def brl(minor):
    return Money(minor, "BRL")


tom, eve = Share("o1", "tom", brl(600)), Share("o2", "eve", brl(400))
opened = PaymentsOpened("ada", brl(1000), (tom, eve))
card = PaymentIntended("p1", "card", brl(1000), "order")
cash = PaymentIntended("p2", "cod", brl(1000), "order")
came = PaymentCaptured("p1", brl(1000), None)
paid = CheckoutPaid((tom, eve))
settled = (opened, card, came, paid)


def test_a_checkouts_payments_are_opened_with_a_share_per_order():
    given(payments).when(OpenPayments("ada", brl(1000), (tom, eve))).then(opened)


def test_the_shares_add_up_to_the_total():
    given(payments).when(OpenPayments("ada", brl(999), (tom, eve))).rejected(
        "payments.shares_differ"
    )


def test_a_free_checkout_is_paid_at_once():
    free = Share("o1", "tom", brl(0))
    given(payments).when(OpenPayments("ada", brl(0), (free,))).then(
        PaymentsOpened("ada", brl(0), (free,)), CheckoutPaid((free,))
    )


def test_nothing_is_paid_on_a_checkout_that_is_not_there():
    given(payments).when(Authorise("p1")).rejected("payments.unknown_checkout")


def test_a_buyer_says_how_they_will_pay():
    given(payments, opened).when(Intend("p1", "card", brl(1000))).then(card)


def test_the_same_intent_again_is_no_news():
    given(payments, opened, card).when(Intend("p1", "card", brl(1000))).then()


def test_a_checkout_has_only_so_many_payments():
    many = [PaymentIntended(f"m{n}", "card", brl(1), "order") for n in range(100)]
    given(payments, opened, *many[1:]).when(Intend("m0", "card", brl(1))).then(many[0])
    given(payments, opened, *many).when(Intend("m0", "card", brl(1))).then()
    given(payments, opened, *many).when(Intend("p1", "card", brl(1))).rejected(
        "payments.too_many_payments"
    )


def test_another_intent_under_the_same_id_is_refused():
    given(payments, opened, card).when(Intend("p1", "card", brl(1))).rejected(
        "payments.payment_exists"
    )


def test_payments_are_in_the_checkouts_currency():
    given(payments, opened).when(Intend("p1", "card", Money(1, "DZD"))).rejected(
        "money.currency_mixed"
    )


def test_a_payment_is_authorised_once():
    given(payments, opened, card).when(Authorise("p1")).then(PaymentAuthorised("p1"))
    given(payments, opened, card, PaymentAuthorised("p1")).when(Authorise("p1")).then()


def test_a_checkout_is_paid_when_its_total_has_come_in():
    given(payments, opened, card).when(Capture("p1")).then(came, paid)


def test_a_part_does_not_pay_it():
    given(payments, opened, card).when(Capture("p1", brl(999))).then(
        PaymentCaptured("p1", brl(999), None)
    )


def test_several_payments_pay_it_together():
    voucher = PaymentIntended("p3", "voucher", brl(1), "order")
    part = PaymentCaptured("p1", brl(999), None)
    given(payments, opened, card, voucher, part).when(Capture("p3")).then(
        PaymentCaptured("p3", brl(1), None), paid
    )


def test_a_capture_comes_in_once():
    given(payments, *settled).when(Capture("p1")).then()


def test_a_second_part_is_another_payment():
    past = (opened, card, PaymentCaptured("p1", brl(400), None))
    given(payments, *past).when(Capture("p1", brl(400))).then()
    given(payments, *past).when(Capture("p1", brl(600))).rejected("payments.already_captured")
    past = (opened, cash, PaymentCaptured("p2", brl(600), "o1"))
    given(payments, *past).when(Capture("p2", brl(600), "o1")).then()
    given(payments, *past).when(Capture("p2", brl(1), "o1")).rejected("payments.already_captured")


def test_what_staff_capture_beside_what_a_seller_collected_comes_in_once():
    first, rest = PaymentCaptured("p2", brl(600), "o1"), PaymentCaptured("p2", brl(400), None)
    given(payments, opened, cash, first).when(Capture("p2", brl(400))).then(rest, paid)
    past = (opened, cash, first, rest, paid)
    given(payments, *past).when(Capture("p2", brl(400))).then()
    given(payments, *past).when(Capture("p2", brl(1000))).rejected("payments.already_captured")


def test_an_overpayment_is_recorded_as_found():
    given(payments, opened, card).when(Capture("p1", brl(1200))).then(
        PaymentCaptured("p1", brl(1200), None), paid
    )


def test_a_tip_pays_nothing_that_is_due():
    tip = PaymentIntended("p4", "card", brl(5000), "tip")
    given(payments, opened, tip).when(Capture("p4")).then(PaymentCaptured("p4", brl(5000), None))


def test_a_failed_payment_does_not_come_in():
    failed = PaymentFailed("p1", "declined")
    given(payments, opened, card).when(Fail("p1", "declined")).then(failed)
    given(payments, opened, card, failed).when(Capture("p1")).rejected("payments.already_failed")


def test_money_that_came_in_did_not_fail():
    given(payments, *settled).when(Fail("p1")).rejected("payments.already_captured")


deposit = PaymentIntended("d1", "cod", brl(1000), "deposit")
deposited = (opened, deposit, PaymentCaptured("d1", brl(1000), None))


def test_a_deposit_pays_once_it_is_applied():
    given(payments, opened, deposit).when(Capture("d1")).then(deposited[-1])
    given(payments, *deposited).when(ApplyDeposit("d1")).then(DepositApplied("d1", brl(1000)), paid)


def test_a_deposit_is_applied_only_when_it_has_come_in():
    given(payments, opened, deposit).when(ApplyDeposit("d1")).rejected("payments.not_captured")


def test_a_deposit_goes_back_once():
    back = DepositReturned("d1", brl(1000))
    given(payments, *deposited).when(ReturnDeposit("d1")).then(back)
    given(payments, *deposited, back).when(ReturnDeposit("d1")).then()
    given(payments, *deposited, back).when(ApplyDeposit("d1")).rejected("payments.deposit_returned")


def test_a_deposit_that_was_applied_does_not_go_back():
    given(payments, *deposited, DepositApplied("d1", brl(1000)), paid).when(
        ReturnDeposit("d1")
    ).rejected("payments.deposit_applied")


def test_each_seller_collects_their_share_in_cash():
    first = PaymentCaptured("p2", brl(600), "o1")
    given(payments, opened, cash).when(Collect("o1")).then(first)
    given(payments, opened, cash, first).when(Collect("o1")).then()
    given(payments, opened, cash, first).when(Collect("o2")).then(
        PaymentCaptured("p2", brl(400), "o2"), paid
    )


def test_cash_is_all_there_once_the_checkout_is_paid():
    first, gone = PaymentCaptured("p2", brl(600), "o1"), ShareCancelled("o2", brl(400))
    for past in ((opened, cash, gone, first), (opened, cash, first, gone)):
        past = (*past, CheckoutPaid((tom,)))
        assert fold(payments, past).payments["p2"].status == "captured"
        given(payments, *past).when(Capture("p2")).then()
        given(payments, *past).when(Collect("o1")).then()
        given(payments, *past).when(Capture("p2", brl(400))).rejected("payments.already_captured")


def test_nothing_is_collected_once_the_checkout_is_paid():
    past = (opened, card, cash, PaymentCaptured("p1", brl(400), None))
    past += (PaymentCaptured("p2", brl(600), "o1"), paid)
    given(payments, *past).when(Collect("o2")).rejected("payments.nothing_due")


def test_cash_is_not_collected_for_what_came_in_otherwise():
    past = (opened, card, cash, PaymentCaptured("p1", brl(900), None))
    given(payments, *past).when(Collect("o1")).then(PaymentCaptured("p2", brl(100), "o1"), paid)


def test_cash_is_collected_only_where_cash_was_agreed():
    given(payments, opened, card).when(Collect("o1")).rejected("payments.no_cash_payment")


def test_nobodys_share_is_collected_as_a_tip_or_a_deposit():
    for purpose in ("tip", "deposit"):
        other = PaymentIntended("p0", "cod", brl(200), purpose)
        given(payments, opened, other, cash).when(Collect("o1")).then(
            PaymentCaptured("p2", brl(600), "o1")
        )
        given(payments, opened, other).when(Collect("o1")).rejected("payments.no_cash_payment")


def test_a_share_is_collected_by_as_many_cash_payments_as_it_needs():
    some = PaymentIntended("p3", "cod", brl(400), "order")
    rest = PaymentIntended("p4", "cod", brl(600), "order")
    first = PaymentCaptured("p3", brl(400), "o1"), PaymentCaptured("p4", brl(200), "o1")
    given(payments, opened, some, rest).when(Collect("o1")).then(*first)
    given(payments, opened, some, rest, *first).when(Collect("o1")).then()
    given(payments, opened, some, rest, *first).when(Collect("o2")).then(
        PaymentCaptured("p4", brl(400), "o2"), paid
    )


def test_what_a_share_still_lacks_is_collected_once_there_is_cash_for_it_again():
    some = PaymentIntended("p3", "cod", brl(100), "order")
    first = PaymentCaptured("p3", brl(100), "o1")
    past = (opened, PaymentIntended("p1", "card", brl(900), "order"), some, first)
    given(payments, *past).when(Collect("o1")).then()
    past = (*past, PaymentFailed("p1", "declined"), PaymentIntended("p4", "cod", brl(900), "order"))
    second = PaymentCaptured("p4", brl(500), "o1")
    given(payments, *past).when(Collect("o1")).then(second)
    given(payments, *past, second).when(Collect("o1")).then()


def test_cancelling_a_paid_order_asks_its_share_back():
    given(payments, *settled).when(CancelShare("o2")).then(
        ShareCancelled("o2", brl(400)),
        RefundRequested("1", "o2", "eve", brl(400), "cancelled"),
    )


def test_cancelling_twice_is_no_news():
    given(payments, opened, ShareCancelled("o2", brl(400))).when(CancelShare("o2")).then()


def test_cancelling_an_unpaid_order_lowers_what_is_due_and_may_pay_the_rest():
    part = PaymentCaptured("p1", brl(700), None)
    given(payments, opened, card, part).when(CancelShare("o2")).then(
        ShareCancelled("o2", brl(400)),
        RefundRequested("1", None, None, brl(100), "cancelled"),
        CheckoutPaid((tom,)),
    )


def test_what_was_overpaid_goes_back_with_the_last_order():
    past = (opened, card, PaymentCaptured("p1", brl(1200), None), paid)
    past += (
        ShareCancelled("o1", brl(600)),
        RefundRequested("1", "o1", "tom", brl(600), "cancelled"),
    )
    given(payments, *past).when(CancelShare("o2")).then(
        ShareCancelled("o2", brl(400)),
        RefundRequested("2", "o2", "eve", brl(400), "cancelled"),
        RefundRequested("3", None, None, brl(200), "nothing_due"),
    )


def test_a_capture_for_orders_that_are_all_cancelled_goes_back():
    past = (opened, card, ShareCancelled("o1", brl(600)), ShareCancelled("o2", brl(400)))
    given(payments, *past).when(Capture("p1")).then(
        came, RefundRequested("1", None, None, brl(1000), "nothing_due")
    )


all_cancelled = (ShareCancelled("o1", brl(600)), ShareCancelled("o2", brl(400)))


def test_a_deposit_that_comes_in_when_every_order_is_cancelled_goes_back_whole():
    given(payments, opened, deposit, *all_cancelled).when(Capture("d1", brl(900))).then(
        PaymentCaptured("d1", brl(900), None),
        DepositApplied("d1", brl(900)),
        RefundRequested("1", None, None, brl(900), "nothing_due"),
    )


def test_a_deposit_that_came_in_before_every_order_was_cancelled_is_returned_by_staff():
    back = DepositReturned("d1", brl(1000))
    given(payments, *deposited, *all_cancelled).when(ReturnDeposit("d1")).then(back)


def test_a_tip_goes_back_whole_when_every_order_is_cancelled():
    tip = PaymentIntended("p4", "card", brl(50), "tip")
    tipped = PaymentCaptured("p4", brl(50), None)
    given(payments, opened, tip, tipped, all_cancelled[0]).when(CancelShare("o2")).then(
        all_cancelled[1], RefundRequested("1", None, None, brl(50), "nothing_due")
    )
    given(payments, opened, tip, *all_cancelled).when(Capture("p4")).then(
        tipped, RefundRequested("1", None, None, brl(50), "nothing_due")
    )
    given(payments, opened, tip, tipped).when(CancelShare("o1")).then(all_cancelled[0])


def test_what_is_meant_when_every_order_is_cancelled_is_money_that_came_in_after_all():
    late = PaymentIntended("p9", "card", brl(1000), "order")
    past = (opened, card, PaymentFailed("p1", "declined"), *all_cancelled)
    given(payments, *past).when(Intend("p9", "card", brl(1000))).then(late)
    given(payments, *past, late).when(Capture("p9")).then(
        PaymentCaptured("p9", brl(1000), None),
        RefundRequested("1", None, None, brl(1000), "nothing_due"),
    )
    for purpose in ("deposit", "tip"):
        given(payments, *past).when(Intend("p9", "card", brl(1), purpose)).rejected(
            "payments.nothing_due"
        )


def test_what_comes_in_for_an_order_cancelled_before_goes_back_at_once():
    given(payments, opened, card, ShareCancelled("o2", brl(400))).when(Capture("p1")).then(
        came, CheckoutPaid((tom,)), RefundRequested("1", None, None, brl(400), "cancelled")
    )


def test_a_second_payment_that_a_cancelled_order_made_needless_goes_back():
    half = PaymentIntended("p1", "card", brl(600), "order")
    other = PaymentIntended("p2", "voucher", brl(400), "order")
    past = (opened, half, other, ShareCancelled("o2", brl(400)))
    past += (PaymentCaptured("p1", brl(600), None), CheckoutPaid((tom,)))
    given(payments, *past).when(Capture("p2")).then(
        PaymentCaptured("p2", brl(400), None),
        RefundRequested("1", None, None, brl(400), "cancelled"),
    )


def test_what_comes_in_late_for_a_cancelled_order_goes_back():
    past = (opened, card, ShareCancelled("o2", brl(400)))
    given(payments, *past).when(Capture("p1")).then(
        came, CheckoutPaid((tom,)), RefundRequested("1", None, None, brl(400), "cancelled")
    )


def test_of_an_overpayment_only_the_cancelled_share_goes_back():
    past = (opened, card, ShareCancelled("o2", brl(400)))
    given(payments, *past).when(Capture("p1", brl(1300))).then(
        PaymentCaptured("p1", brl(1300), None),
        CheckoutPaid((tom,)),
        RefundRequested("1", None, None, brl(400), "cancelled"),
    )


def test_a_refund_is_paid_out_once():
    asked = RefundRequested("1", "o2", "eve", brl(400), "cancelled")
    done = PaymentRefunded("1", "o2", "eve", brl(400))
    past = (*settled, ShareCancelled("o2", brl(400)), asked)
    given(payments, *past).when(Refund("1")).then(done)
    given(payments, *past, done).when(Refund("1")).then()
    given(payments, *settled).when(Refund("1")).rejected("payments.unknown_refund")


asked = RefundRequested("1", "o1", "tom", brl(200), "faulty")


def test_staff_ask_back_a_part_of_what_was_paid_for_an_order_or_all_that_is_left():
    given(payments, *settled).when(RequestRefund("o1", brl(200), "faulty")).then(asked)
    given(payments, *settled, asked).when(RequestRefund("o1", None, "returned")).then(
        RefundRequested("2", "o1", "tom", brl(400), "returned")
    )


def test_no_more_is_asked_back_for_an_order_than_its_share():
    given(payments, *settled).when(RequestRefund("o1", brl(601), "faulty")).rejected(
        "payments.refund_too_large"
    )
    given(payments, *settled, asked).when(RequestRefund("o1", brl(401), "faulty")).rejected(
        "payments.refund_too_large"
    )
    all_of_it = RefundRequested("1", "o1", "tom", brl(600), "returned")
    given(payments, *settled, all_of_it).when(RequestRefund("o1", None, "returned")).rejected(
        "payments.refund_too_large"
    )


def test_what_was_paid_twice_is_asked_back_of_no_seller():
    twice = (PaymentIntended("p3", "wallet", brl(1000), "order"),)
    twice += (PaymentCaptured("p3", brl(1000), None),)
    second = RefundRequested("1", None, None, brl(1000), "paid_twice")
    given(payments, *settled, *twice).when(RequestRefund(None, None, "paid_twice")).then(second)
    part = RefundRequested("1", None, None, brl(300), "paid_twice")
    given(payments, *settled, *twice).when(RequestRefund(None, brl(300), "paid_twice")).then(part)
    for past in (settled, (*settled, *twice, second)):
        given(payments, *past).when(RequestRefund(None, None, "paid_twice")).rejected(
            "payments.refund_too_large"
        )
    given(payments, *settled, *twice, part).when(RequestRefund(None, brl(701), "again")).rejected(
        "payments.refund_too_large"
    )
    given(payments, *settled, *twice, second).when(CancelShare("o2")).then(
        ShareCancelled("o2", brl(400)),
        RefundRequested("2", "o2", "eve", brl(400), "cancelled"),
    )
    given(payments, opened, card).when(RequestRefund(None, None, "paid_twice")).rejected(
        "payments.not_paid"
    )


def test_who_asks_too_much_back_is_told_what_is_left():
    with pytest.raises(Rejected) as refusal:
        payments.decide(fold(payments, [*settled, asked]), RequestRefund("o1", brl(401), "faulty"))
    assert refusal.value.detail == "4.00 BRL is left"


def test_nothing_is_asked_back_before_it_is_paid_or_once_it_is_cancelled():
    given(payments, opened, card).when(RequestRefund("o1", None, "faulty")).rejected(
        "payments.not_paid"
    )
    gone = ShareCancelled("o2", brl(400)), RefundRequested("1", "o2", "eve", brl(400), "cancelled")
    given(payments, *settled, *gone).when(RequestRefund("o2", None, "faulty")).rejected(
        "payments.share_cancelled"
    )
    given(payments, *settled).when(RequestRefund("o9", None, "faulty")).rejected(
        "payments.unknown_share"
    )


def test_what_is_asked_back_is_money_of_the_checkout_for_a_reason():
    for amount, reason, code in (
        (brl(0), "faulty", "payments.amount_zero"),
        (brl(-1), "faulty", "payments.amount_negative"),
        (Money(1, "DZD"), "faulty", "money.currency_mixed"),
        (brl(1), "It broke!", "payments.reason_malformed"),
    ):
        given(payments, *settled).when(RequestRefund("o1", amount, reason)).rejected(code)


def test_staff_ask_back_only_so_often_and_what_is_cancelled_still_goes_back():
    many = [RefundRequested(f"{n}", "o1", "tom", brl(1), "faulty") for n in range(1, 101)]
    given(payments, *settled, *many[:-1]).when(RequestRefund("o1", brl(1), "faulty")).then(many[-1])
    given(payments, *settled, *many).when(RequestRefund("o1", brl(1), "faulty")).rejected(
        "payments.too_many_refunds"
    )
    given(payments, *settled, *many).when(CancelShare("o1")).then(
        ShareCancelled("o1", brl(600)),
        RefundRequested("101", "o1", "tom", brl(500), "cancelled"),
    )


def test_what_was_asked_back_is_not_collected_again():
    tom_s, eve_s = PaymentCaptured("p2", brl(600), "o1"), PaymentCaptured("p2", brl(400), "o2")
    more = PaymentIntended("p3", "cod", brl(1000), "order")
    past = (opened, cash, tom_s, eve_s, paid, asked, more)
    given(payments, *past).when(Collect("o1")).then()


def test_cancelling_asks_back_only_the_rest():
    given(payments, *settled, asked).when(CancelShare("o1")).then(
        ShareCancelled("o1", brl(600)),
        RefundRequested("2", "o1", "tom", brl(400), "cancelled"),
    )
    all_of_it = RefundRequested("1", "o1", "tom", brl(600), "returned")
    given(payments, *settled, all_of_it).when(CancelShare("o1")).then(
        ShareCancelled("o1", brl(600))
    )


def test_what_was_asked_back_for_an_order_that_stands_leaves_the_late_money_of_another_due_back():
    second = PaymentIntended("p2", "voucher", brl(400), "order")
    past = (opened, PaymentIntended("p1", "card", brl(600), "order"), second)
    past += (ShareCancelled("o2", brl(400)), PaymentCaptured("p1", brl(600), None))
    past += (CheckoutPaid((tom,)), asked)
    given(payments, *past).when(Capture("p2")).then(
        PaymentCaptured("p2", brl(400), None),
        RefundRequested("2", None, None, brl(400), "cancelled"),
    )


ids, orders = st.sampled_from(["p1", "p2", "p3"]), st.sampled_from(["o1", "o2", "o9"])
amounts = st.integers(-1, 1500).map(brl) | st.just(brl(1000))
opening = OpenPayments("ada", brl(1000), (tom, eve))
paying = [opening, Intend("p0", "card", brl(1000)), Capture("p0"), Intend("p1", "cod", brl(700))]
asking_back = st.builds(
    RequestRefund,
    st.sampled_from(["o1", "o2", None]),
    st.none() | st.integers(1, 400).map(brl),
    st.just("faulty"),
)
moves = (
    st.builds(
        Intend,
        ids,
        st.sampled_from(["cod", "card", "?"]),
        amounts,
        st.sampled_from(["order", "order", "deposit", "tip"]),
    )
    | st.builds(Authorise, ids)
    | st.builds(Capture, ids, st.none() | amounts, st.none() | orders)
    | st.builds(Fail, ids)
    | st.builds(CancelShare, orders)
    | st.builds(
        RequestRefund,
        st.none() | orders,
        st.none() | st.integers(-1, 700).map(brl),
        st.sampled_from(["faulty", "faulty", "?"]),
    )
    | st.builds(Refund, st.sampled_from(["1", "2", "3"]))
    | st.builds(ApplyDeposit, ids)
    | st.builds(ReturnDeposit, ids)
    | st.builds(Collect, orders)
)
backwards = (
    asking_back
    | st.builds(CancelShare, orders)
    | st.builds(Refund, st.sampled_from(["1", "2", "3"]))
    | st.builds(Capture, st.just("p1"), st.none() | amounts)
    | st.builds(Collect, orders)
)
commands = st.lists(moves, max_size=40).map(lambda more: [opening, *more]) | st.lists(
    backwards, max_size=20
).map(lambda more: [*paying, *more])


def moved(past, kind):
    return sum(e.amount.minor for e in past if isinstance(e, kind))


@for_all(commands)
def test_never_more_goes_back_than_came_in_and_events_survive_storing(commands):
    past = history(payments, commands)
    assert stored(payments, past) == past
    for upto in range(1, len(past) + 1):
        so_far = past[:upto]
        state = fold(payments, so_far)
        assert state.held >= 0
        back = moved(so_far, RefundRequested) + moved(so_far, DepositReturned)
        assert back <= moved(so_far, PaymentCaptured)
        assert moved(so_far, PaymentRefunded) <= moved(so_far, RefundRequested)


@for_all(commands)
def test_never_more_is_asked_back_for_an_order_than_its_share(commands):
    past = history(payments, commands)
    for share in (tom, eve):
        requests = [e for e in past if isinstance(e, RefundRequested) and e.order == share.order]
        assert moved(requests, RefundRequested) <= share.amount.minor
        assert {e.seller for e in requests} <= {share.seller}


@for_all(commands)
def test_what_is_paid_for_stays_covered_whatever_is_asked_back(commands):
    state = fold(payments, history(payments, commands))
    assert state.due >= 0
    assert not state.paid or state.held >= state.due


def purposes(past):
    return {e.payment: e.purpose for e in past if isinstance(e, PaymentIntended)}


def covers(past):
    """What counts towards the orders, by the events alone."""
    purpose = purposes(past)
    came = sum(
        e.amount.minor
        for e in past
        if isinstance(e, PaymentCaptured) and purpose[e.payment] == "order"
    )
    return came + moved(past, DepositApplied) - moved(past, RefundRequested)


@for_all(commands)
def test_a_checkout_is_paid_once_and_exactly_when_its_active_shares_are_covered(commands):
    past, was_covered = [], False
    for command in commands:
        past = history(payments, [command], past)
        cancelled = {e.order for e in past if isinstance(e, ShareCancelled)}
        active = [s for s in (tom, eve) if s.order not in cancelled]
        due = sum(s.amount.minor for s in active)
        was_covered = was_covered or (bool(active) and covers(past) >= due)
        closings = [e for e in past if isinstance(e, CheckoutPaid)]
        assert len(closings) == was_covered


def test_money_for_an_order_of_another_checkout_is_not_taken():
    foreign = Capture("p1", brl(1), "elsewhere")
    given(payments, opened, card).when(foreign).rejected("payments.unknown_share")
