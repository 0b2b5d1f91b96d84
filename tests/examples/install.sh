#!/bin/sh
# A browser and two proxies for the tests of docs/examples, where they may be installed without
# asking: by root, in a container, whose services nobody starts. Elsewhere those tests are skipped.
PATH="$PATH:/usr/sbin"
missing=""
for each in chromium nginx caddy; do
    command -v "$each" > /dev/null || missing="$missing $each"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || [ -d /run/systemd/system ] || ! command -v apt-get > /dev/null; then
    echo "browser: without$missing some tests are skipped (apt-get install chromium nginx-light caddy)"
    exit 0
fi
echo "browser: installing$missing"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
{
    timeout 120 apt-get update -qq &&
        timeout 400 apt-get install -y -qq --no-install-recommends chromium nginx-light caddy
} > .venv/browser.log 2>&1 < /dev/null || echo "browser: not to be had, some tests are skipped (see .venv/browser.log)"
exit 0
