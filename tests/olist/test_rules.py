"""Rows as they are read, and the facts that they come to."""

import pytest

from entrypoints.olist.facts import Rank, Sale, facts
from entrypoints.olist.records import read
from tests.olist.invented import Shop, every_kind

ONE = [("lamp", "ana", "10.00", "1.50")]


def problems(directory):
    found = []
    records = read(directory, found.append)
    return records, [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("orders", "a,b", "orders.csv:3: 2 cells, the header has 8, skipped"),
        ("orders", '"a', "orders.csv:3: broken quotes, the header has 8, skipped"),
        (
            "orders",
            "z,customer-a,delivered,yesterday,,,,",
            "orders.csv:3: order_purchase_timestamp is no time: 'yesterday', skipped",
        ),
        (
            "orders",
            "z,customer-a,delivered,2017-01-01 00:00:00,2017-02-30 00:00:00,,,",
            "orders.csv:3: order_approved_at is no time: '2017-02-30 00:00:00', skipped",
        ),
        (
            "orders",
            "a,customer-a,delivered,2017-01-01 00:00:00,,,,",
            "orders.csv:3: order a again, skipped",
        ),
        (
            "order_items",
            "a,1,lamp,ana,,10.00,1.00",
            "order_items.csv:3: item 1 of order a again, skipped",
        ),
        (
            "order_items",
            "a,2,lamp,ana,,10.001,1.00",
            "order_items.csv:3: price is no amount: '10.001', skipped",
        ),
        (
            "order_items",
            "a,2,lamp,ana,,-1.00,1.00",
            "order_items.csv:3: price is no amount: '-1.00', skipped",
        ),
        (
            "order_items",
            "a,2,lamp,ana,,10.00,NaN",
            "order_items.csv:3: freight_value is no amount: 'NaN', skipped",
        ),
        (
            "order_items",
            "a,2,lamp,a b,,10.00,1.00",
            "order_items.csv:3: seller_id is no id: 'a b', skipped",
        ),
        (
            "payments",
            "a,2,boleto,1,1e3",
            "payments.csv:3: payment_value is no amount: '1e3', skipped",
        ),
        (
            "payments",
            "a,x,boleto,1,1.00",
            "payments.csv:3: payment_sequential is no whole number: 'x', skipped",
        ),
        (
            "payments",
            "a,2,Boleto!,1,1.00",
            "payments.csv:3: payment_type is no word of a-z and _: 'Boleto!', skipped",
        ),
    ],
)
def test_a_damaged_row_is_reported_with_file_and_line_and_left_out(tmp_path, table, row, said):
    directory = Shop().order("a", ONE).write(tmp_path)
    with (directory / f"{table}.csv").open("a") as file:
        file.write(row + "\n")
    records, found = problems(directory)
    assert found == [said]
    assert len(records.orders) == len(records.orders["a"].items) == 1
    assert len(records.orders["a"].payments) == 1


def test_a_payment_is_there_once_and_another_with_its_number_is_taken_and_told(tmp_path):
    shop = Shop().order("a", ONE, payments=[("voucher", "5.00")])
    shop.rows["payments"] += [("a", 1, "voucher", 1, "5.00"), ("a", 1, "boleto", 1, "6.50")]
    records, found = problems(shop.write(tmp_path))
    assert found == [
        "payments.csv:3: payment 1 of order a again, skipped",
        "payments.csv:4: another payment 1 of order a; kept",
    ]
    assert [payment.value for payment in records.orders["a"].payments] == [500, 650]


def test_a_quoted_cell_may_have_line_breaks_and_a_stray_quote_costs_only_its_line(tmp_path):
    directory = Shop().order("a", ONE).write(tmp_path)
    with (directory / "sellers.csv").open("a") as file:
        file.write('bia,01000,"são ""paulo""\n\nsp",SP\n"zoe,01000,x,SP\ncid,01000,"a, b",SP\n')
    records, found = problems(directory)
    assert found == ["sellers.csv:6: broken quotes, the header has 4, skipped"]
    assert records.shops["bia"] == 'são "paulo"\n\nsp'
    assert "cid" in records.shops


def test_a_seller_that_is_in_no_file_is_told_once(tmp_path):
    directory = Shop().order("a", ONE).order("b", ONE).write(tmp_path)
    (directory / "sellers.csv").write_text("seller_id,seller_city\n")
    _, found = problems(directory)
    assert found == ["order_items.csv:2: seller_id ana is not in sellers; kept"]


def test_bytes_that_are_no_text_damage_only_their_line(tmp_path):
    directory = Shop().order("a", ONE).write(tmp_path)
    with (directory / "payments.csv").open("ab") as file:
        file.write(b"a,2,\xff,1,1.00\na,3,boleto,1,1.00\n")
    records, found = problems(directory)
    assert found == ["payments.csv:3: not UTF-8, skipped"]
    assert [payment.sequential for payment in records.orders["a"].payments] == [1, 3]


def test_rows_that_only_describe_may_be_missing(tmp_path):
    directory = Shop().order("a", ONE).write(tmp_path)
    for table in ("customers", "products", "sellers", "category_translation"):
        (directory / f"{table}.csv").unlink()
    records, found = problems(directory)
    assert not any(said.endswith("skipped") for said in found)
    assert records.orders["a"].buyer == "customer-a"
    assert len(records.orders["a"].items) == 1


def test_a_category_is_english_if_translated_else_as_published_else_unknown(tmp_path):
    shop = Shop().order("a", [*ONE, ("nameless", "ana", "1.00", "0.00")])
    shop.rows["products"].append(("vase", "jarros"))
    records, _ = problems(shop.write(tmp_path))
    assert records.categories == {"lamp": "furniture", "nameless": "", "vase": "jarros"}


def test_the_published_file_names_are_understood(tmp_path):
    directory = Shop().order("a", ONE).write(tmp_path)
    (directory / "orders.csv").rename(directory / "olist_orders_dataset.csv")
    assert list(problems(directory)[0].orders) == ["a"]


def test_orders_without_items_come_to_no_fact(tmp_path):
    records, _ = problems(every_kind().write(tmp_path))
    assert "empty" in records.orders
    assert "empty" not in {fact.order for fact in facts(records)}


def test_facts_come_in_the_order_they_happened_and_each_once(tmp_path):
    records, _ = problems(every_kind().write(tmp_path))
    found = facts(records)
    assert [f.at for f in found] == sorted(f.at for f in found)
    assert len({f.key for f in found}) == len(found)


def test_sellers_and_products_begin_with_their_first_sale(tmp_path):
    records, _ = problems(every_kind().write(tmp_path))
    sales = [fact for fact in facts(records) if isinstance(fact, Sale)]
    assert [new.seller for sale in sales for new in sale.sellers] == ["ana", "bia"]
    offered = {new.id for sale in sales for new in sale.products}
    assert offered == {line.product for sale in sales for line in sale.lines}


def test_an_order_that_got_further_than_its_dates_say_was_paid(tmp_path):
    records, _ = problems(Shop().order("a", ONE, dates=(None, None, None)).write(tmp_path))
    assert [f.rank for f in facts(records)] == [
        Rank.SALE,
        Rank.SETTLEMENT,
        Rank.SHIPMENT,
        Rank.DELIVERY,
    ]
