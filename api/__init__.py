"""The HTTP service: a Flask application over `feedback_nlp.Analyzer`.

>>> from api import create_app
>>> create_app.__name__
'create_app'
"""

from __future__ import annotations

from api.app import create_app

__all__ = ["create_app"]
