"""Directories as other parts of Olist could be, out of a seed: whatever was seen, and worse."""

import csv
import gzip
import io
from datetime import datetime, timedelta
from random import Random

from entrypoints.olist.records import STATUSES
from entrypoints.olist.tables import NAMES
from tests.olist.invented import COLUMNS

# Month boundaries, leap day, the dataset's ends, and one very busy second.
DAYS = ("2016-09-04", "2016-12-31", "2017-01-01", "2017-11-24", "2018-02-28", "2018-03-01")
DAYS += ("2020-02-29", "2018-10-17")
TIMES = ("00:00:00", "23:59:59", "10:00:00")
METHODS = ("credit_card", "boleto", "voucher", "debit_card")
CITIES = (
    "campinas",
    "novo hamburgo, rio grande do sul",
    'the "old" town',
    "são paulo\nsp",
    "d'oeste",
)


class Wild:
    """``orders`` orders and what comes with them. The same seed: the same bytes."""

    def __init__(self, seed, orders=60):
        self.random = Random(seed)
        self.rows = {table: [] for table in COLUMNS}
        self.sellers = [self._id() for _ in range(7)]
        self.products = [self._id() for _ in range(9)]
        self.people = [self._id() for _ in range(orders // 2)]
        self._described()
        for _ in range(orders):
            self._order()
        self._strays()

    def _id(self):
        return f"{self.random.getrandbits(128):032x}"

    def _often(self, share):
        return self.random.random() < share

    def _described(self):
        """The last seller and the last product are in no file of their own."""
        choose = self.random.choice
        for seller in self.sellers[:-1]:
            self.rows["sellers"].append((seller, "01000", choose(CITIES), "SP"))
        for product in self.products[:-1]:
            category = choose(("moveis_decoracao", "pc_gamer", "", "ação, e mais"))
            self.rows["products"].append((product, category))
        self.rows["category_translation"].append(("moveis_decoracao", "furniture_decor"))

    def _order(self):
        order, customer = self._id(), self._id()
        bought = f"{self.random.choice(DAYS)} {self.random.choice(TIMES)}"
        status = self.random.choice((*STATUSES, "delivered"))
        dates = [self._date(bought) for _ in range(4)]
        self.rows["orders"].append((order, customer, status, bought, *dates))
        if self._often(0.95):
            city, person = self.random.choice(CITIES), self.random.choice(self.people)
            self.rows["customers"].append((customer, person, "01000", city, "SP"))
        if self._often(0.92):
            self._items(order, bought)
        if self._often(0.95):
            self._payments(order)

    def _date(self, bought):
        """None, or from a day before the purchase to some weeks after it."""
        if self._often(0.3):
            return ""
        at = datetime.fromisoformat(bought) + timedelta(seconds=self.random.randint(-86_400, 10**6))
        return f"{at:%Y-%m-%d %H:%M:%S}"

    def _items(self, order, bought):
        """A product has one price in an order, and a freight for each piece."""
        prices = {}
        for number in range(1, self.random.choice((1, 1, 1, 2, 3, 6, 21)) + 1):
            pair = self.random.choice(self.products), self.random.choice(self.sellers)
            price = prices.setdefault(pair, self._money(("0.85", "10.00", "10.0", "6735", "0.00")))
            freight = self._money(("0.00", "0", "15.1", "409.68"))
            self.rows["order_items"].append((order, number, *pair, bought, price, freight))

    def _money(self, favourites):
        if self._often(0.6):
            return self.random.choice(favourites)
        return f"{self.random.randint(0, 99_999) / 100:.2f}"

    def _payments(self, order):
        sequential = 0
        for _ in range(self.random.choice((1, 1, 1, 2, 4, 29))):
            sequential += self.random.choice((1, 1, 1, 2))
            method, value = self.random.choice(METHODS), self._money(("0.00", "13.29", "99.9"))
            if self._often(0.05):
                method, value = "not_defined", "0.00"
            self.rows["payments"].append((order, sequential, method, 1, value))
        if self._often(0.05):  # the same number again, another payment
            self.rows["payments"].append((order, sequential, "voucher", 1, "1000.01"))

    def _strays(self):
        """Items and payments of an order that is in no file, as another sample would have."""
        lost = self._id()
        known = (self.products[0], self.sellers[0])
        self.rows["order_items"].append((lost, 1, *known, "2017-01-01 00:00:00", "5.00", "1.00"))
        self.rows["payments"].append((lost, 1, "boleto", 1, "6.00"))

    def write(self, directory):
        """In one of the shapes in which such files are handed around; rows in any order."""
        end = self.random.choice(("\n", "\r\n"))
        quoting = self.random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
        zipped, long = self._often(0.5), self._often(0.5)
        for table, columns in COLUMNS.items():
            text = io.StringIO(newline="")
            rows = csv.writer(text, lineterminator=end, quoting=quoting)
            rows.writerow(columns.split(","))
            self.random.shuffle(self.rows[table])
            rows.writerows(self.rows[table])
            text.write(self.random.choice(("", end, end * 3)))
            data = self.random.choice((b"", b"\xef\xbb\xbf")) + text.getvalue().encode()
            name = f"{NAMES[table] if long else table}.csv"
            if zipped:
                (directory / f"{name}.gz").write_bytes(gzip.compress(data))
            else:
                (directory / name).write_bytes(data)
        return directory
