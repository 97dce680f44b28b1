"""Adds to docstrings what the catalogue knows: columns with units, measures, dimensions, questions."""

from typing import Any, Dict, List

_WIDTH = 110


def _entry(name: str, text: str, indent: str = "  ") -> str:
    """The name, and the text in a column next to it. textwrap does the same in more time than the whole import takes."""
    lines, line = [], f"{indent}{name:<28}"
    for word in text.split(" "):
        if len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = indent + " " * 28
        line += " " + word
    return "\n".join([*lines, line])


def _column(column: Dict[str, Any]) -> str:
    kind = {"DateTime": "time", "UUID": "identifier", "String": "text"}.get(column["type"], "")
    if not kind:
        kind = column["unit"] or ("flag" if column["type"] == "UInt8" else "number")
    return _entry(column["name"] + ("*" if column["is_required"] else ""),
                  f"{kind}: {column['meaning']}; {column['rule']}")


def columns_of(family: Dict[str, Any]) -> str:
    return "\n".join(_column(column) for column in family["columns"])


def _columns(catalogue: Dict[str, Any]) -> str:
    parts = ["Columns, with unit, meaning and rule; those with * must be given:"]
    for family in catalogue["families"]:
        parts.append(f"\n{family['name']}\n{columns_of(family)}")
    return "\n".join(parts)


def _measures(catalogue: Dict[str, Any]) -> str:
    parts = ["Measures, with unit:"]
    for family in catalogue["families"]:
        own = [each for each in catalogue["measures"] if each["family"] == family["name"]]
        names = ", ".join(each["name"] + (f" ({each['unit']})" if each["unit"] else "") for each in own)
        parts.append(_entry(family["name"], names))
    parts.append("\nDimensions, with the families that have them:")
    for each in catalogue["dimensions"]:
        parts.append(_entry(each["name"], ", ".join(each["families"])))
    return "\n".join(parts)


def _questions(catalogue: Dict[str, Any]) -> str:
    parts: List[str] = ["Questions, with their parameters; those with * must be given:"]
    for question in catalogue["questions"]:
        parts.append(_entry(question["name"], question["meaning"]))
        for each in question["parameters"]:
            parts.append(_entry(each["name"] + ("*" if each["is_required"] else ""), each["meaning"], "    "))
        if question["by"]:
            parts.append(_entry("by", ", ".join(question["by"]), "    "))
        if question["bucket_may_differ"]:
            parts.append(_entry("bucket", f"hour, day or week; {question['bucket']} unless said", "    "))
    return "\n".join(parts)


def _add(function: Any, text: str) -> None:
    if function.__doc__:  # None under python -OO.
        indented = "\n".join("        " + line if line else "" for line in text.split("\n"))
        function.__doc__ += f"\n{indented}\n"


def add_to(client: Any, first_client: Any, catalogue: Dict[str, Any]) -> None:
    """Adds to the docstrings of Client and of the first client."""
    _add(client.insert, _columns(catalogue))
    _add(client.query, _measures(catalogue))
    _add(client.question, _questions(catalogue))
    for family in catalogue["families"]:
        function = getattr(first_client, f"insert_{family['name']}_metrics", None)
        if function is not None:
            _add(function, "\nColumns, with unit, meaning and rule; those with * must be given:\n" + columns_of(family))
