"""The rules of a negotiation: whose turn it is, and what no history may break."""

from datetime import UTC, datetime, timedelta

from application.commands import SNAPSHOT_EVERY
from domain import negotiations
from domain.kernel import ERASED, Personal, but, fold
from domain.money import Money
from domain.negotiations import (
    LARGEST,
    LONGEST_NOTE,
    MOST_TURNS,
    SIDES,
    Accept,
    Counter,
    Decline,
    Expire,
    OfferResponded,
    Proposal,
    Respond,
    ResponseAccepted,
    ResponseCountered,
    ResponseDeclined,
    ResponseExpired,
    ResponseWithdrawn,
    Withdraw,
)
from tests.support.deciders import given

NOW = datetime(2026, 5, 16, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(days=7)
OTHER = {"buyer": "seller", "seller": "buyer"}


def proposal(quantity=100, minor=1000, currency="DZD"):
    return Proposal(quantity, Money(minor, currency))


def note(text, writer="farid"):
    return Personal(writer, text)


address = Personal("farid", "12 Rue Didouche")
sides = "offer", "tea", "imen", "farid"
respond = Respond(*sides, proposal(), "transfer", UNTIL, note("Two crates?"), address)
responded = OfferResponded(*sides, proposal(), "transfer", UNTIL, note("Two crates?"), address)
counter = Counter("seller", proposal(minor=1100), UNTIL, note("For three", "imen"))
countered = ResponseCountered("seller", proposal(minor=1100), UNTIL, note("For three", "imen"))
accepted = ResponseAccepted("seller", "o1")
over = {
    "accepted": accepted,
    "declined": ResponseDeclined("seller"),
    "withdrawn": ResponseWithdrawn(),
    "expired": ResponseExpired(),
}


def test_an_answer_begins_it_once():
    given(negotiations).when(respond).then(responded)
    given(negotiations, responded).when(respond).rejected("negotiations.negotiation_exists")


def test_nobody_buys_from_themselves():
    given(negotiations).when(but(respond, buyer="imen")).rejected("negotiations.own_offer")


def test_there_is_nothing_to_do_with_one_that_is_not_there():
    commands = counter, Accept("seller", "o1", NOW), Decline("seller"), Withdraw(), Expire(UNTIL)
    for command in commands:
        given(negotiations).when(command).rejected("negotiations.unknown_negotiation")


def test_the_sides_take_turns():
    back = but(counter, by="buyer", proposal=proposal(minor=1050))
    given(negotiations, responded).when(counter).then(countered)
    given(negotiations, responded).when(back).rejected("negotiations.not_your_turn")
    given(negotiations, responded, countered).when(back).then(
        ResponseCountered("buyer", proposal(minor=1050), UNTIL, counter.note)
    )
    again = but(counter, proposal=proposal(minor=1050))
    given(negotiations, responded, countered).when(again).rejected("negotiations.not_your_turn")


def test_who_would_agree_accepts_and_does_not_propose_the_same():
    same = but(counter, proposal=proposal())
    given(negotiations, responded).when(same).rejected("negotiations.same_proposal")


def test_a_proposal_has_a_quantity_and_its_first_currency():
    for quantity in (0, -1, LARGEST + 1):
        wrong = proposal(quantity)
        code = "negotiations.quantity_out_of_range"
        given(negotiations).when(but(respond, proposal=wrong)).rejected(code)
        given(negotiations, responded).when(but(counter, proposal=wrong)).rejected(code)
    euros = but(counter, proposal=proposal(currency="EUR"))
    given(negotiations, responded).when(euros).rejected("negotiations.currency_mixed")


def test_a_note_has_a_length():
    longest, longer = note("ع" * LONGEST_NOTE), note("x" * (LONGEST_NOTE + 1))
    code = "negotiations.note_too_long"
    given(negotiations).when(but(respond, note=longest)).then(but(responded, note=longest))
    given(negotiations).when(but(respond, note=longer)).rejected(code)
    given(negotiations, responded).when(but(counter, note=longer)).rejected(code)
    for end in (Decline("buyer", longer), Withdraw(longer)):
        given(negotiations, responded).when(end).rejected(code)
    given(negotiations, responded).when(but(counter, note=None)).then(but(countered, note=None))


def test_only_what_the_other_side_proposed_is_accepted():
    by_seller, by_buyer = Accept("seller", "o1", NOW), Accept("buyer", "o1", NOW)
    given(negotiations, responded).when(by_seller).then(accepted)
    given(negotiations, responded).when(by_buyer).rejected("negotiations.not_your_turn")
    given(negotiations, responded, countered).when(by_buyer).then(ResponseAccepted("buyer", "o1"))
    late = given(negotiations, responded, countered).when(by_seller)
    late.rejected("negotiations.not_your_turn")


def test_a_proposal_is_accepted_while_it_stands():
    moment = timedelta(microseconds=1)
    given(negotiations, responded).when(Accept("seller", "o1", UNTIL - moment)).then(accepted)
    given(negotiations, responded).when(Accept("seller", "o1", UNTIL)).rejected("negotiations.over")
    longer = but(countered, until=UNTIL + timedelta(days=1))
    given(negotiations, responded, longer).when(Accept("buyer", "o1", UNTIL)).then(
        ResponseAccepted("buyer", "o1")
    )


def test_either_side_declines_and_the_buyer_withdraws_whoever_has_the_turn():
    for past in ((responded,), (responded, countered)):
        for side in SIDES:
            declined = ResponseDeclined(side, note=note("Too dear"))
            given(negotiations, *past).when(Decline(side, note("Too dear"))).then(declined)
        withdrawn = ResponseWithdrawn(note=note("Found it"))
        given(negotiations, *past).when(Withdraw(note("Found it"))).then(withdrawn)


def test_ending_it_again_in_the_same_way_is_no_news_and_in_another_is_refused():
    endings = {"declined": Decline("buyer", note("Again")), "withdrawn": Withdraw(note("Again"))}
    for status, end in over.items():
        for how, command in endings.items():
            tried = given(negotiations, responded, end).when(command)
            tried.then() if how == status else tried.rejected("negotiations.over")


def test_when_it_is_over_nothing_more_is_proposed_or_accepted():
    for end in over.values():
        for command in (counter, Accept("seller", "o2", NOW), Accept("buyer", "o2", NOW)):
            given(negotiations, responded, end).when(command).rejected("negotiations.over")


def test_it_expires_at_its_time_unless_it_is_over():
    moment = timedelta(microseconds=1)
    given(negotiations, responded).when(Expire(UNTIL - moment)).then()
    given(negotiations, responded).when(Expire(UNTIL)).then(ResponseExpired())
    for end in over.values():
        given(negotiations, responded, end).when(Expire(UNTIL)).then()
    longer = but(countered, until=UNTIL + timedelta(days=1))
    given(negotiations, responded, longer).when(Expire(UNTIL)).then()


def test_it_takes_so_many_turns_and_then_it_must_come_to_an_end():
    past = [responded]
    for turn in range(2, MOST_TURNS + 1):
        by = SIDES[(turn + 1) % 2]
        past.append(ResponseCountered(by, proposal(minor=1000 + turn), UNTIL, None))
    state = fold(negotiations, past)
    by = OTHER[state.proposed_by]
    more = Counter(by, proposal(), UNTIL)
    given(negotiations, *past).when(more).rejected("negotiations.too_many_turns")
    given(negotiations, *past).when(Accept(by, "o1", NOW)).then(ResponseAccepted(by, "o1"))
    given(negotiations, *past).when(Decline(by)).then(ResponseDeclined(by))
    assert len(past) + 1 < SNAPSHOT_EVERY  # so short that none of it lies in a snapshot


def test_what_was_written_may_be_erased_and_it_goes_on():
    gone = Personal("farid", box=ERASED)
    past = but(responded, note=gone, address=gone), countered
    assert fold(negotiations, past) == fold(negotiations, [responded, countered])
    given(negotiations, *past).when(Accept("buyer", "o1", NOW)).then(
        ResponseAccepted("buyer", "o1")
    )


def test_everyone_is_on_one_side_or_none():
    state = fold(negotiations, [responded])
    assert [state.side_of(user) for user in ("farid", "imen", "eve", "")] == [
        "buyer",
        "seller",
        None,
        None,
    ]
