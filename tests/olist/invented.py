"""Small invented directories in Olist's format."""

import csv
import gzip
import io

COLUMNS = {
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
    "order_items": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,"
    "freight_value",
    "payments": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,"
    "customer_state",
    "products": "product_id,product_category_name",
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state",
    "category_translation": "product_category_name,product_category_name_english",
}


class Shop:
    """Rows that grow order by order, and become a directory."""

    def __init__(self):
        self.rows = {table: [] for table in COLUMNS}
        self.rows["category_translation"].append(("moveis", "furniture"))

    def order(
        self, id, items, status="delivered", dates=("02", "03", "05"), payments=None, day="01"
    ):
        """``items``: (product, seller, price, freight). ``dates``: the days of approval, carrier
        and delivery, None for none. ``payments``: (type, value); None: one that fits."""
        found = [f"2017-05-{date} 10:00:00" if date else "" for date in dates]
        bought = f"2017-05-{day} 10:00:00"
        order = (id, f"customer-{id}", status, bought, *found, "2017-06-01 00:00:00")
        self.rows["orders"].append(order)
        self.rows["customers"].append((f"customer-{id}", f"person-{id}", "01000", "x", "SP"))
        for number, (product, seller, price, freight) in enumerate(items, 1):
            self._know(product, seller)
            row = (id, number, product, seller, bought, price, freight)
            self.rows["order_items"].append(row)
        whole = sum(round((float(p) + float(f)) * 100) for _, _, p, f in items)
        for number, (kind, value) in enumerate(
            [("boleto", f"{whole / 100:.2f}")] if payments is None else payments, 1
        ):
            self.rows["payments"].append((id, number, kind, 1, value))
        return self

    def _know(self, product, seller):
        for table, row in (
            ("products", (product, "moveis" if product != "nameless" else "")),
            ("sellers", (seller, "01000", "campinas", "SP")),
        ):
            if row not in self.rows[table]:
                self.rows[table].append(row)

    def write(self, directory, zipped=False):
        for table, columns in COLUMNS.items():
            text = io.StringIO(columns + "\n")
            text.seek(0, io.SEEK_END)
            csv.writer(text, lineterminator="\n").writerows(self.rows[table])
            data, name = text.getvalue().encode(), directory / f"{table}.csv"
            if zipped:
                directory.joinpath(f"{table}.csv.gz").write_bytes(gzip.compress(data))
            else:
                name.write_bytes(data)
        return directory


def every_kind():
    """Every status, and everything that real rows have been seen to lack or exceed."""
    shop = Shop()
    one = [("lamp", "ana", "10.00", "1.50")]
    shop.order("delivered", one)
    shop.order("shipped", one, "shipped", ("02", "03", None), day="02")
    shop.order("invoiced", one, "invoiced", ("02", None, None))
    shop.order("processing", one, "processing", ("02", None, None))
    shop.order("approved", one, "approved", ("02", None, None))
    shop.order("created", one, "created", (None, None, None))
    shop.order("canceled", one, "canceled", ("02", None, None))
    shop.order("never-paid", one, "canceled", (None, None, None))
    shop.order("unshipped", one, "canceled", ("02", "03", "04"))
    shop.order("unavailable", one, "unavailable", ("02", None, None))
    shop.order("no-approval", one, "delivered", (None, "03", "05"))
    shop.order("no-dates", one, "delivered", (None, None, None))
    shop.order("early-carrier", one, "delivered", ("06", "03", "05"))
    two = [("lamp", "ana", "10.00", "1.50"), ("lamp", "bia", "9.99", "0.00")]
    shop.order("two-sellers", two, day="03")
    shop.order("cancelled-whole", two, "canceled", ("04", None, None), day="03")
    shop.order("several", [("chair", "ana", "20.00", "3.00")] * 3, day="04")
    shop.order("dearer", [("chair", "ana", "25.00", "3.00")], dates=("06", "07", "08"), day="05")
    shop.order("cheaper", [("chair", "ana", "20.00", "3.00")], dates=("07", "08", "09"), day="06")
    shop.order("over-paid", one, payments=[("voucher", "5.00"), ("credit_card", "99.00")])
    shop.order("under-paid", one, payments=[("credit_card", "1.00")])
    shop.order("zero", one, payments=[("voucher", "0.00"), ("debit_card", "11.50")])
    shop.order("unpaid", one, payments=[])
    shop.order("free", [("nameless", "bia", "0.00", "0.00")], payments=[("voucher", "0.00")])
    shop.order("empty", [], "unavailable", ("02", None, None), payments=[("boleto", "7.00")])
    return shop
