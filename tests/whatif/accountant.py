"""What goods cost by each basis, computed by an accountant with fractions, who starts from the
first event for every sale and keeps nothing in between."""

from collections import Counter
from fractions import Fraction

from domain.costing import ComponentsSet, LabourSet, OverheadsSet
from domain.materials import MaterialMeasured, MaterialPurchased, StandardCostSet, StockAdjusted
from domain.orders import OrderPlaced
from domain.payments import CheckoutPaid, PaymentRefunded, ShareCancelled
from domain.tenants import CostBasisSet
from tests.costing.workshop import half_up


def goods(happened, basis):
    """Minor units, by seller: of what was paid and not paid back. None: as it was written down."""
    total = Counter()
    for number, (place, event) in enumerate(happened):
        if isinstance(event, OrderPlaced):
            order = place.removeprefix("orders/")
            cost = sum(_line(line, happened[:number], basis) for line in event.lines)
            total[event.seller] += half_up(cost * _standing(order, happened))
    return {seller: cost for seller, cost in total.items() if cost}


def _line(line, before, basis):
    if line.cost is None:
        return 0
    if basis in (None, in_force(before)):
        micros = line.cost.unit and line.cost.unit.micros
    else:
        micros = piece(line.cost.costing, before, basis)
    return half_up(Fraction((micros or 0) * line.quantity, 10**6))


def _standing(order, happened):
    """How much of an order counts."""
    paid, back, free = [], 0, True
    for _, event in happened:
        match event:
            case CheckoutPaid(shares=shares):
                paid += [share.amount.minor for share in shares if share.order == order]
            case PaymentRefunded(order=one, amount=amount) if one == order:
                back += amount.minor
            case ShareCancelled(order=one) if one == order:
                free = False
    if sum(paid) == 0:
        return Fraction(1 if paid and free else 0)
    return max(Fraction(0), 1 - Fraction(back, sum(paid)))


def in_force(before):
    return ([e.basis for _, e in before if isinstance(e, CostBasisSet)] or ["average"])[-1]


def piece(id, before, basis):
    """In millionths, None if it is not known."""
    told = {type(event): event for place, event in before if place == f"costing/{id}"}
    parts, makes, used = (), 1, Fraction(0)
    if ComponentsSet in told:
        parts, makes = told[ComponentsSet].components, told[ComponentsSet].makes
    for part in parts:
        one = (unit if part.kind == "material" else piece)(part.id, before, basis)
        if one is None:
            return None
        used += Fraction(one * part.quantity, 1000)
    labour = told[LabourSet].labour if LabourSet in told else ()
    rules = told[OverheadsSet].overheads if OverheadsSet in told else ()
    if not (parts or labour or rules):
        return None
    worked = sum((Fraction(w.minutes * w.rate.minor, 60_000) for w in labour), Fraction(0)) * 10**6
    bases = {"materials": used, "labour": worked, "all": used + worked, "fixed": Fraction(0)}
    over = sum(bases[rule.on] * Fraction(rule.basis_points, 10_000) for rule in rules)
    fixed = sum(rule.amount.minor for rule in rules if rule.amount) * 10**6
    return half_up((used + worked + over + fixed) / makes)


def unit(id, before, basis):
    """With its scrap. Of the average, the worth of what there is, by how much there is."""
    stock, known, scrap = 0, {}, 0
    for place, event in before:
        if place != f"materials/{id}":
            continue
        match event:
            case MaterialPurchased(quantity=quantity, price=price, landed=landed):
                paid = Fraction((price.minor + landed.minor) * 10**6)
                old, there = known.get("average", 0), max(stock, 0) if "average" in known else 0
                worth = (paid + Fraction(old * there, 1000)) / Fraction(quantity + there, 1000)
                known["average"] = half_up(worth)
                known["last"] = half_up(paid / Fraction(quantity, 1000))
                stock += quantity
            case StockAdjusted(delta=delta):
                stock += delta
            case StandardCostSet(cost=cost):
                known["standard"] = cost.micros
            case MaterialMeasured(measuring=measuring):
                scrap = measuring.scrap
    found = known.get(basis)
    return None if found is None else half_up(Fraction(found) / (1 - Fraction(scrap, 10_000)))
