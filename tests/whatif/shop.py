"""A shop whose history is made up: two materials, four costed products of two sellers, and orders;
costs roll up as the policy would have it, at once or late."""

from domain import costgraph, costing, materials
from domain.costgraph import EdgesSet
from domain.costing import (
    Cause,
    Component,
    ComponentsSet,
    CostRolledUp,
    Labour,
    LabourSet,
    Overhead,
    OverheadsSet,
    ProductDefined,
)
from domain.costs import Cost, by
from domain.kernel import Rejected
from domain.materials import (
    AddMaterial,
    AdjustStock,
    Describing,
    MeasureMaterial,
    Measuring,
    RecordPurchase,
    SetStandardCost,
)
from domain.money import Money
from domain.orders import Line, LineCost, OrderPlaced
from domain.payments import CheckoutPaid, PaymentRefunded, Share, ShareCancelled
from domain.quantities import Amount
from domain.tenants import CostBasisSet
from tests.whatif.telling import told

DZD = "DZD"
MATERIALS = ("m0", "m1")
SELLERS = {"p0": "ada", "p1": "ada", "p2": "ada", "p3": "bo"}  # each may use those before it


def dinars(minor):
    return Money(minor, DZD)


class Shop:
    """``happened``: (context/id, event); ``settle``: costs roll up after whatever moves them."""

    def __init__(self, basis="average"):
        self.happened, self.basis, self.orders, self.late = [], "average", 0, False
        self.materials, self.products = {}, dict.fromkeys(SELLERS, costing.EMPTY)
        self.graph, self.rolled, self.shares = costgraph.EMPTY, {}, {}
        for id in MATERIALS:
            new = AddMaterial("ada", Describing("Wool", "yarn"), "g", DZD)
            self._material(id, new)
        for id, seller in SELLERS.items():
            self._product(id, ProductDefined(seller, "Scarf", DZD, 0))
        if basis != "average":
            self.choose(basis)

    def tell(self, place, event):
        self.happened.append((place, event))

    def events(self):
        return told(*self.happened)

    def choose(self, basis):
        self.basis = basis
        self.tell("tenants/bazaar", CostBasisSet(basis))
        self.settle()

    def buy(self, id, grams, price):
        self._material(id, RecordPurchase(Amount(grams * 10**9), dinars(price), dinars(0)))

    def standard(self, id, micros):
        self._material(id, SetStandardCost(Cost(micros, DZD)))

    def scrap(self, id, points):
        self._material(id, MeasureMaterial(Measuring((), points)))

    def take(self, id, grams):
        self._material(id, AdjustStock(Amount(-grams * 10**9), "used"))

    def compose(self, id, parts, makes):
        """``parts``: thousandths, by id; of products, those before it count."""
        usable = {*MATERIALS, *(other for other in SELLERS if other < id)}
        uses = {part: quantity for part, quantity in parts.items() if part in usable}
        kinds = {part: "material" if part in MATERIALS else "product" for part in uses}
        self._product(
            id,
            ComponentsSet(tuple(Component(kinds[p], p, q) for p, q in uses.items()), makes),
            EdgesSet(
                id,
                tuple(p for p in uses if kinds[p] == "product"),
                tuple(p for p in uses if kinds[p] == "material"),
            ),
        )

    def work(self, id, minutes, rate):
        self._product(id, LabourSet((Labour("knitting", minutes, dinars(rate)),)))

    def over(self, id, on, points, fixed):
        rules = (Overhead("workshop", on, points), Overhead("box", "fixed", amount=dinars(fixed)))
        self._product(id, OverheadsSet(rules))

    def sell(self, *sold):
        """``sold``: (product, pieces, price); an order for each seller, and nothing is paid."""
        parts = {}
        for id, pieces, price in {each[0]: each for each in sold}.values():
            cost = LineCost(id, *self.rolled.get(id, (None, None)))
            line = Line(
                f"listed {id}", None, "Scarf", dinars(price), pieces, dinars(price * pieces),
                cost=cost,
            )  # fmt: skip
            parts.setdefault(SELLERS[id], []).append(line)
        for seller, lines in parts.items():
            self.orders += 1
            self.order(f"o{self.orders}", seller, *lines)

    def trade(self, *sold):
        """Sold and paid at once."""
        before = self.orders
        self.sell(*sold)
        self.pay(*(f"o{number}" for number in range(before + 1, self.orders + 1)))

    def order(self, id, seller, *lines, shipping=7):
        subtotal = sum(line.subtotal.minor for line in lines)
        total = dinars(subtotal + shipping)
        event = OrderPlaced(
            checkout=id,
            buyer="karim",
            seller=seller,
            channel="web",
            lines=tuple(lines),
            subtotal=dinars(subtotal),
            shipping=dinars(shipping),
            total=total,
            cash=False,
        )
        self.tell(f"orders/{id}", event)
        self.shares[id] = Share(id, seller, total)

    def pay(self, *orders):
        if shares := tuple(self.shares[id] for id in orders if id in self.shares):
            self.tell("payments/c", CheckoutPaid(shares))

    def repay(self, order, minor):
        if share := self.shares.get(order):
            self.tell(f"payments/{order}", PaymentRefunded("r", order, share.seller, dinars(minor)))

    def cancel(self, order):
        if share := self.shares.get(order):
            self.tell(f"payments/{order}", ShareCancelled(order, share.amount))

    def settle(self):
        if self.late:
            return
        for id in self.graph.below(*SELLERS):
            self._roll_up(id)

    def _roll_up(self, id):
        """By what was rolled up of the products in it, as the policy does."""
        product = self.products[id]
        units = {
            part.id: self._unit(part.id)
            if part.kind == "material"
            else self.rolled.get(part.id, (None,))[0]
            for part in product.components
        }
        cost = costing.cost_of(product, units).cost
        old = self.rolled.get(id, (None,))[0]
        if cost != old:
            self.tell(f"costing/{id}", CostRolledUp(old, cost, Cause("product", id)))
            self.rolled[id] = (cost, len(self.happened))

    def _unit(self, id):
        found = self.materials[id]
        cost = by(self.basis, found.average, found.last, found.standard)
        return cost and cost.wasting(found.measuring.scrap)

    def _material(self, id, command):
        """What is refused did not happen."""
        state = self.materials.get(id, materials.EMPTY)
        try:
            events = materials.decide(state, command)
        except Rejected:
            return
        for event in events:
            self.materials[id] = state = materials.evolve(state, event)
            self.tell(f"materials/{id}", event)
        self.settle()

    def _product(self, id, event, edges=None):
        self.products[id] = costing.evolve(self.products[id], event)
        self.tell(f"costing/{id}", event)
        if edges is not None:
            self.graph = costgraph.evolve(self.graph, edges)
        self.settle()
