"""The peer over HTTP: a NestJS shop (TypeORM, ioredis, socket.io) on the same three servers."""

import os
import random
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import jwt
import psycopg
from psycopg.conninfo import conninfo_to_dict

from adapters.embedded.ports import free_ports
from benchmarks import tools
from benchmarks.requests import get, post, resident, send
from benchmarks.souk_http import answers
from benchmarks.work import Figures, Side, Site

ADAPTERS = ("express", "fastify")
SECRET = "a secret of thirty-two characters!"  # noqa: S105
SHOP = """
CREATE TABLE products (id bigint PRIMARY KEY, seller_id bigint NOT NULL, name text NOT NULL,
  description text NOT NULL, price_minor bigint NOT NULL, stock int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), buyer_id bigint NOT NULL,
  seller_id bigint NOT NULL, status text NOT NULL, total_minor bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE order_items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id), product_id bigint NOT NULL, qty int NOT NULL,
  price_minor bigint NOT NULL);
CREATE INDEX ON order_items (order_id);
CREATE TABLE reel_likes (reel_id bigint NOT NULL, user_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (reel_id, user_id));
INSERT INTO products SELECT n, n % 50, 'Ceramic pour-over coffee set ' || n,
  repeat('Hand-made, dishwasher safe. ', 3), 459900, 1000000 FROM generate_series(1, 1000) n;
INSERT INTO orders (id, buyer_id, seller_id, status, total_minor)
  SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 7, n % 50, 'NEW', 5997
  FROM generate_series(1, 3000) n;
INSERT INTO order_items (order_id, product_id, qty, price_minor)
  SELECT id, n, 1, 1999 FROM orders, generate_series(1, 3) n;
"""
Make = Callable[[str], Iterable[bytes]]


def fill(site: Site) -> None:
    with psycopg.connect(site.postgres) as db:
        db.execute(SHOP.encode())


def install(site: Site) -> None:
    tools.npm(site, "nestjs", "npx", "tsc", "-p", ".")


def serving(make: Make, processes: int) -> Side:
    """The better of its two adapters."""

    def measure(site: Site) -> Figures:
        found = [_measured(site, make, adapter, processes) for adapter in ADAPTERS]
        return max(found, key=lambda figures: figures["rate"])

    return measure


def _measured(site: Site, make: Make, adapter: str, processes: int) -> Figures:
    (port,) = free_ports(1)
    with serving_at(site, adapter, processes, port) as server:
        answers(f"http://127.0.0.1:{port}/api/products", server, token())
        return {**send(site, port, make(token()), once=False), "memory": resident(server)}


def token() -> str:
    return jwt.encode({"sub": "7"}, SECRET)


@contextmanager
def serving_at(
    site: Site, adapter: str, processes: int, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    at = conninfo_to_dict(site.postgres)
    wanted = {
        "PEER_ADAPTER": adapter,
        "PEER_WORKERS": processes,
        "PORT": port,
        "JWT_SECRET": SECRET,
        "REDIS_URL": site.valkey,
        "PG_HOST": at["host"],
        "PG_PORT": at["port"],
        "PG_USER": at["user"],
        "PG_PASSWORD": at.get("password", ""),
        "PG_DB": at["dbname"],
    }
    folder = tools.npm(site, "nestjs")
    environment = os.environ | {name: str(value) for name, value in wanted.items()}
    command = ["node", str(folder / "dist" / "main.js")]
    server = subprocess.Popen(command, env=environment, cwd=folder)  # noqa: S603
    try:
        yield server
    finally:
        server.terminate()
        server.wait(20)


def products(token: str) -> Iterable[bytes]:
    yield get("/api/products?page=1&limit=20", token)


def order(token: str) -> Iterable[bytes]:
    for number in _shuffled(3_000):
        yield get(f"/api/orders/00000000-0000-4000-8000-{number:012d}", token)


def place(token: str) -> Iterable[bytes]:
    """Three products of two sellers."""
    for number in _shuffled(900):
        items = [{"productId": n, "qty": 1} for n in (number, number + 50, number + 51)]
        yield post("/api/orders", token, {"items": items})


def like(token: str) -> Iterable[bytes]:
    for number in _shuffled(60_000):
        yield post(f"/api/reels/{1 + number % 1000}/like", token, x_user=str(number))


def _shuffled(number: int) -> list[int]:
    all_of_them = list(range(1, number + 1))
    random.Random(number).shuffle(all_of_them)  # noqa: S311
    return all_of_them
