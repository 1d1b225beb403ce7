"""The schema as constants for CPython, the loader for both Pythons, and the tables of docs/SPEC.md and docs/ERRORS.md."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from neurula_codegen.language import GENERATED, Numbers
from neurula_codegen.schema import Schema, read_toml

HERE = Path(__file__).parent


def emit_schema(schema: Schema) -> str:
    """schema.py of neurula_npu: names and numbers, for whoever writes or inspects images."""
    lines = ['"""Names and numbers of the image.', "", GENERATED.format(source="image.toml"), '"""', ""]
    lines += ["from __future__ import annotations", "", "from typing import Final", ""]
    lines += [f"VERSION: Final = {schema.version}", f"MAGIC: Final = {schema.magic.encode()!r}"]
    lines += [f"FINGERPRINT: Final = {schema.fingerprint:#010x}"]
    lines += [f"{name}: Final = {value}" for name, (value, _) in schema.constants.items()]
    lines += ["SECTIONS: Final = (" + ", ".join(repr(tag) for tag, _ in schema.sections) + ")", ""]
    for flags in schema.flags.values():
        lines += [f"{flags.name}_{name}: Final = {value}" for name, value, _ in flags.values]
    lines += ["", "RECORDS: Final[dict[str, tuple[str, ...]]] = {"]
    for record in schema.records.values():
        lines += [f'    "{record.name}": (']
        lines += [f'        "{name}",' for name, _ in record.fields] + ["    ),"]
    return "\n".join([*lines, "}", ""])


class LoaderNumbers(Numbers):
    """Also resolves SCHEMA.x and SECTION.bytes_ (the field called bytes, not the record's size)."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "SCHEMA":
            value: Any = {
                "version": self.schema.version,
                "fingerprint": self.schema.fingerprint,
                "magic": self.schema.magic.encode(),
                "tags": tuple(tag.encode() for tag, _ in self.schema.sections),
            }[node.attr]
            return ast.copy_location(ast.parse(repr(value), mode="eval").body, node)
        if isinstance(node.value, ast.Name) and node.value.id == "SECTION":
            fields = [name for name, _ in self.schema.records["SECTION"].fields]
            size = 4 * len(fields)
            return ast.copy_location(ast.Constant(size if node.attr == "bytes" else 4 * fields.index(node.attr.rstrip("_"))), node)
        return super().visit_Attribute(node)


def emit_loader(schema: Schema) -> str:
    """image.py, the same text for neurula_npu and neurula_mcu."""
    tree = ast.parse((HERE / "loader.py").read_text(encoding="utf-8"))
    resolved = ast.fix_missing_locations(LoaderNumbers(schema).visit(tree))
    doc = ast.get_docstring(tree) or ""
    resolved.body = resolved.body[1:]
    return f'"""{doc}\n\n{GENERATED.format(source="loader.py")}\n"""\n\n' + ast.unparse(resolved) + "\n"


def spec_tables(schema: Schema) -> dict[str, str]:
    """Markdown tables by name, for the marked places of docs/SPEC.md."""
    tables = {}
    for record in schema.records.values():
        rows = [f"`{record.name}`, {record.bytes} bytes. {record.doc}", "", "| offset | field | meaning |", "|---|---|---|"]
        rows += [f"| {4 * i} | `{name}` | {doc} |" for i, (name, doc) in enumerate(record.fields)]
        tables[record.name] = "\n".join(rows)
    for flags in schema.flags.values():
        rows = [f"`{flags.name}`. {flags.doc}", "", "| name | value | meaning |", "|---|---|---|"]
        rows += [f"| `{name}` | {value} | {doc} |" for name, value, doc in flags.values]
        tables[flags.name] = "\n".join(rows)
    rows = ["| constant | value | meaning |", "|---|---|---|"]
    rows += [f"| `{name}` | {value} | {doc} |" for name, (value, doc) in schema.constants.items()]
    tables["constants"] = "\n".join(rows)
    rows = ["| tag | contents |", "|---|---|"] + [f"| `{tag}` | {doc} |" for tag, doc in schema.sections]
    tables["sections"] = "\n".join(rows)
    tables["fingerprint"] = f"The fingerprint of this schema is `{schema.fingerprint:#010x}`."
    return tables


def fill_spec(text: str, tables: dict[str, str]) -> str:
    """Replaces what stands between `<!-- table NAME -->` and `<!-- end -->`. KeyError for an unknown name."""
    parts = text.split("<!-- table ")
    out = [parts[0]]
    for part in parts[1:]:
        name, rest = part.split(" -->", 1)
        after = rest.split("<!-- end -->", 1)[1]
        out.append(f"<!-- table {name} -->\n{tables[name]}\n<!-- end -->{after}")
    return "".join(out)


def read_errors() -> list[dict[str, Any]]:
    """All error codes of errors/*.toml, by code. ValueError if a code stands twice."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((HERE / "errors").glob("*.toml")):
        for entry in read_toml(path).get("error", []):
            if entry["code"] in found:
                raise ValueError(f"{path.name}: code {entry['code']} stands twice")
            found[entry["code"]] = entry
    return [found[code] for code in sorted(found)]


def emit_errors_page() -> str:
    """docs/ERRORS.md."""
    lines = ["# Errors and warnings", "", "<!-- " + GENERATED.format(source="errors/*.toml") + " -->", ""]
    lines += ["Every message of `neurula` carries one of these codes. Exit codes: 0 fine, 1 a bug of ours, 2 usage, 3 device not"]
    lines += ["found or ambiguous, 4 input invalid, 5 does not fit the board, 6 verification failed, 7 link lost or timed out,"]
    lines += ["130 interrupted. A code without an exit code is a warning: the work goes on.", ""]
    lines += ["| code | name | exit | what it means | what to try |", "|---|---|---|---|---|"]
    for e in read_errors():
        lines.append(f"| {e['code']} | {e['name']} | {e.get('exit') or ''} | {e['summary']} | {e['remedy']} |")
    return "\n".join(lines) + "\n"


def emit_remedies() -> str:
    """error_codes.py of neurula: code -> (exit code or 0, remedy)."""
    lines = ['"""Error codes: exit code (0 = warning) and remedy of each.', "", GENERATED.format(source="errors/*.toml"), '"""', ""]
    lines += ["CODES: dict[str, tuple[int, str]] = {"]
    lines += [f'    "{e["code"]}": ({e.get("exit") or 0}, {e["remedy"]!r}),' for e in read_errors()]
    return "\n".join([*lines, "}", ""])
