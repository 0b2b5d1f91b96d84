"""Another party's tokens, by the keys that it serves; and what its tokens open here."""

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from adapters.tokens.issuers import FETCHES_A_MINUTE
from adapters.tokens.signing import Signer, new_key
from entrypoints.variables import Issuer
from tests.catalog.test_http import TEA
from tests.support.http import running_api

PATH = "/api/v1/catalog/products"


class Elsewhere:
    """An issuer that serves its JWKS by HTTP, counts who asks, and can change its key."""

    def __init__(self):
        self.asked = 0
        self.rotate()

    def rotate(self):
        self.signer = Signer(new_key(), "https://elsewhere.example", "souk-api")

    def bearer(self, tenant, *permissions):
        return {"authorization": f"Bearer {self.signer.sign('karim', tenant, permissions)}"}

    @contextmanager
    def serving(self):
        """Answers the URL of the keys."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/keys"
        finally:
            server.shutdown()
            server.server_close()

    def _handler(elsewhere):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                elsewhere.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(elsewhere.signer.jwks).encode())

            def log_message(self, *_):
                pass

        return Handler


async def test_another_issuers_tokens_work_and_its_new_key_is_learnt(stack, database):
    elsewhere, began = Elsewhere(), time.monotonic()
    with elsewhere.serving() as url:
        issuer = Issuer("https://elsewhere.example", url, "souk-api")
        async with running_api(stack, database, issuers=(issuer,)) as api:
            await api.market("amina")
            old = elsewhere.bearer("bazaar", "products:read")
            assert (await api.http.get(PATH, headers=old)).status_code == 200
            assert elsewhere.asked == 1

            elsewhere.rotate()
            new = elsewhere.bearer("bazaar", "products:read")
            assert (await api.http.get(PATH, headers=new)).status_code == 200
            assert elsewhere.asked == 2

            impostor = Elsewhere()
            for _ in range(2 * FETCHES_A_MINUTE):
                impostor.rotate()
                forged = impostor.bearer("bazaar", "*:*")
                assert (await api.http.get(PATH, headers=forged)).status_code == 401
            minutes = 1 + (time.monotonic() - began) // 60  # that have begun by now
            assert elsewhere.asked <= minutes * FETCHES_A_MINUTE


async def test_an_issuer_that_is_away_opens_nothing_and_stops_nobody_else(stack, database):
    elsewhere = Elsewhere()
    issuer = Issuer("https://elsewhere.example", "http://127.0.0.1:9/keys", "souk-api")
    async with running_api(stack, database, issuers=(issuer,)) as api:
        await api.market("amina")
        sent = elsewhere.bearer("bazaar", "products:read")
        ours = api.of("buyer", "karim").get("/catalog/products")
        refused, served = await asyncio.gather(api.http.get(PATH, headers=sent), ours)
        assert (refused.status_code, served.status_code) == (401, 200)


async def test_a_token_opens_its_own_tenant_and_its_own_permissions(stack, database):
    elsewhere = Elsewhere()
    with elsewhere.serving() as url:
        issuer = Issuer("https://elsewhere.example", url, "souk-api")
        async with running_api(stack, database, issuers=(issuer,)) as api:
            await api.market("amina")
            await api.market("amina", tenant="souk2")
            made = (await api.of("seller", "amina").post("/catalog/products", TEA)).json()
            one = f"{PATH}/{made['id']}?after={made['position']}"
            for permissions, here in (
                (("products:read",), 200),
                (("products:*",), 200),
                (("*:*",), 200),
                (("products:hard_delete",), 200),
                (("orders:*",), 403),
                ((), 403),
            ):
                got = await api.http.get(one, headers=elsewhere.bearer("bazaar", *permissions))
                assert got.status_code == here, permissions
                got = await api.http.get(one, headers=elsewhere.bearer("souk2", *permissions))
                assert got.status_code == (404 if here == 200 else 403), permissions
