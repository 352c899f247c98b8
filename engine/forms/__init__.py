"""Forms: form-js files read, rendered by the web layer, and validated here, once."""

from engine.forms.binding import Choices, bind, visible_fields
from engine.forms.model import Field, Form, Option, load_form

__all__ = ["Choices", "Field", "Form", "Option", "bind", "load_form", "visible_fields"]
