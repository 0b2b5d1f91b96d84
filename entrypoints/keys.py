"""What names may look like that stand in stream ids, subjects and URLs."""

import re

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)  # tenants and users
