"""Pages of HTML from the templates that lie beside the modules which fill them.

Belongs here: how a template is read and filled. Does not: what a page shows.
"""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_page(package: str, template: str, **shown: Any) -> str:
    """The page; what is filled in is text, whatever it holds.

    Raises:
        jinja2.UndefinedError: the template names what is not in `shown`.
    """
    environment = Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(shown)
