"""Settings as people see them: those in force, and all of them in the docs."""

from wyoming_serving.setting_fields import allowed_values, shown_default, shown_value
from wyoming_serving.settings import Settings


def settings_in_force(settings: Settings) -> list[dict[str, object]]:
    """Returns each setting with its value, for JSON; of a secret, whether it is set."""
    cls = type(settings)
    return [
        {
            "name": name,
            "variable": f"{cls.prefix()}{name.upper()}",
            "flag": f"--{name.replace('_', '-')}",
            "value": shown_value(field, getattr(settings, name)),
            "is_default": getattr(settings, name) == field.default,
            "allowed": allowed_values(field),
            "description": field.description,
        }
        for name, field in cls.model_fields.items()
    ]


def settings_table(cls: type[Settings]) -> str:
    """Returns the settings as a Markdown table, for the docs."""
    prefix = cls.prefix()
    rows = [
        f"| `{prefix}{name.upper()}` | `--{name.replace('_', '-')}` | {shown_default(field)} "
        f"| {allowed_values(field)} | {field.description} |"
        for name, field in cls.model_fields.items()
    ]
    head = "| environment | flag | default | allowed | meaning |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *rows]) + "\n"
