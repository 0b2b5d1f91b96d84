"""The live gateway behind a page, which is started again when it dies."""

import json
import os
import signal

# Noted by the page itself: who asks it too late would find it connected again.
NOTE = """
window.cut = false;
new MutationObserver(() => {
  if (document.getElementById("status").dataset.is === "waiting") { window.cut = true; %s; }
}).observe(document.getElementById("status"), {attributes: true});
"""


def kill_gateway(up, page, then=""):
    """Until the page has noticed; ``then``: what it runs when it does."""
    page.run(NOTE % then)
    pid = json.loads((up.directory / "run" / "live.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    page.until("cut")
