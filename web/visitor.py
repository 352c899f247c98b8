"""Who looks at the page: Flask-Login's proxy, which ships no types."""

from typing import Any

from flask_login import current_user as _proxy

current_user: Any = _proxy
