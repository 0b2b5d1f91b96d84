"""Which products of a tenant use what: one stream, so that two edits that would close a loop
together meet in it, and the second is decided again."""

from collections.abc import Iterable, Mapping, Sequence

from domain.kernel import Command, Event, Rejected, Value

LEVELS, NODES = 12, 5_000


class SetEdges(Command):
    """``products``, ``materials``: the ids of all that ``product`` uses."""

    product: str
    products: tuple[str, ...]
    materials: tuple[str, ...]


class EdgesSet(Event, tag="costgraph.edges_set"):
    product: str
    products: tuple[str, ...]
    materials: tuple[str, ...]


COMMANDS = SetEdges
EVENTS = EdgesSet


class CostGraph(Value):
    """What each product uses, by its id; a product that uses nothing is not in it."""

    products: dict[str, tuple[str, ...]] = {}
    materials: dict[str, tuple[str, ...]] = {}

    def above(self, products: Iterable[str] = (), materials: Iterable[str] = ()) -> list[str]:
        """These products, and all that use any of these at any depth; each after all that it
        uses."""
        moved = set(materials)
        found = _reached(_users(self.products, self.materials), {*products, *moved})
        return _in_order(self.products, found - moved)

    def below(self, *products: str) -> list[str]:
        """The products that are in these at any depth, and they; each after all that it uses."""
        return _in_order(self.products, _reached(self.products, set(products)))

    def on_top(self, product: str) -> list[str]:
        """What it is in, at any depth, that is in nothing itself; or it."""
        return _tops(_users(self.products), product)

    def meeting(self, products: Iterable[str]) -> list[list[str]]:
        """Those together that any product uses in common, at any depth, or that use each other."""
        return _joined(_users(self.products), list(products))

    def reaching(self, materials: Iterable[str]) -> list[list[str]]:
        """As few of these as it takes, the most used first: all that uses any of them at any depth
        uses one of those. Those together that any product uses in common, at any depth."""
        users = _users(self.products, self.materials)
        found, reached = list[str](), set[str]()
        for id in sorted(materials, key=lambda id: -len(users.get(id, ()))):
            if not reached.issuperset(users.get(id, ())):
                reached |= _reached(users, {id})
                found.append(id)
        return _joined(users, found)

    @property
    def known(self) -> set[str]:
        return self.products.keys() | self.materials.keys()

    @property
    def used(self) -> set[str]:
        """All materials that are in any product."""
        return {id for ids in self.materials.values() for id in ids}

    @property
    def parts(self) -> set[str]:
        """All products that are in any other."""
        return {id for ids in self.products.values() for id in ids}


EMPTY = CostGraph()


def decide(graph: CostGraph, command: COMMANDS) -> list[EVENTS]:
    id = command.product
    event = EdgesSet(id, command.products, command.materials)
    if (graph.products.get(id, ()), graph.materials.get(id, ())) == (
        command.products,
        command.materials,
    ):
        return []
    after = evolve(graph, event)
    _check_cycle(after, id)
    users = _users(after.products, {})
    _check_depth(after, users, id)
    _check_size(after, users, id)
    return [event]


def evolve(graph: CostGraph, event: EVENTS) -> CostGraph:
    products, materials = dict(graph.products), dict(graph.materials)
    for edges, ids in ((products, event.products), (materials, event.materials)):
        if ids:
            edges[event.product] = ids
        else:
            edges.pop(event.product, None)
    return CostGraph(products, materials)


def _check_cycle(graph: CostGraph, product: str) -> None:
    """From it, down to itself: the way is named."""
    came = dict.fromkeys(graph.products.get(product, ()), product)
    waiting = list(came)
    while waiting:
        if (at := waiting.pop()) == product:
            raise Rejected("costing.cycle", " > ".join(_way(came, product)))
        for used in graph.products.get(at, ()):
            if used not in came:
                came[used] = at
                waiting.append(used)


def _way(came: Mapping[str, str], product: str) -> list[str]:
    way = [product, came[product]]
    while way[-1] != product:
        way.append(came[way[-1]])
    return way[::-1]


def _check_depth(graph: CostGraph, users: Mapping[str, Iterable[str]], product: str) -> None:
    """A material is a level; so is each product above it."""
    down = _levels(graph.products, graph.below(product), graph.materials)
    above = _in_order(graph.products, _reached(users, {product}))[::-1]
    if down[product] + _levels(users, above, {})[product] - 1 > LEVELS:
        raise Rejected("costing.too_deep", f"at most {LEVELS} levels")


def _levels(
    edges: Mapping[str, Iterable[str]], order: Iterable[str], leaves: Mapping[str, Iterable[str]]
) -> dict[str, int]:
    """How many there are from each on, itself counted, over ``edges`` to its leaves."""
    levels: dict[str, int] = {}
    for id in order:
        under = [levels[used] for used in edges.get(id, ())]
        levels[id] = 1 + max(under, default=1 if id in leaves else 0)
    return levels


def _check_size(graph: CostGraph, users: Mapping[str, Iterable[str]], product: str) -> None:
    """Of the tree of whatever is on top of it: each node counted once."""
    if len(graph.known | graph.used) <= NODES:
        return
    for top in _tops(users, product):
        below = _reached(graph.products, {top})
        if len(below | {m for id in below for m in graph.materials.get(id, ())}) > NODES:
            raise Rejected("costing.too_many_nodes", f"at most {NODES} in one tree")


def _users(*kinds: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for edges in kinds:
        for product, ids in edges.items():
            for id in ids:
                users.setdefault(id, []).append(product)
    return users


def _reached(edges: Mapping[str, Iterable[str]], start: set[str]) -> set[str]:
    found, waiting = set(start), list(start)
    while waiting:
        new = [id for id in edges.get(waiting.pop(), ()) if id not in found]
        found.update(new)
        waiting += new
    return found


def _tops(users: Mapping[str, Iterable[str]], product: str) -> list[str]:
    return [id for id in _reached(users, {product}) if not users.get(id)]


def _joined(edges: Mapping[str, Iterable[str]], start: Sequence[str]) -> list[list[str]]:
    """Those together that lead to any same one, each in the order given."""
    leader = {id: id for id in start}

    def lead(id: str) -> str:
        while leader[id] != id:
            leader[id] = id = leader[leader[id]]
        return id

    for id in start:
        waiting = [id]
        while waiting:
            for new in edges.get(waiting.pop(), ()):
                if new not in leader:
                    leader[new] = id
                    waiting.append(new)
                leader[lead(new)] = lead(id)
    groups: dict[str, list[str]] = {}
    for id in start:
        groups.setdefault(lead(id), []).append(id)
    return list(groups.values())


def _in_order(edges: Mapping[str, tuple[str, ...]], ids: set[str]) -> list[str]:
    """Those, each after all that it uses. There is no cycle in them."""
    left = {id: sum(used in ids for used in edges.get(id, ())) for id in sorted(ids)}
    users = _users({id: edges.get(id, ()) for id in left})
    order = [id for id, number in left.items() if not number]
    for id in order:
        for user in users.get(id, ()):
            if user in left:
                left[user] -= 1
                if not left[user]:
                    order.append(user)
    return order
