"""`neurula convert`: a genome in another form, without loss."""

from __future__ import annotations

from typing import Annotated

import typer

from neurula.cli.files import STDOUT, require_output, write_output
from neurula.cli.options import AsJson, GenomeFile
from neurula.cli.output import counted, print_json, problems_json, say, warn_of
from neurula.errors import UsageError


def convert(
    genome: GenomeFile,
    to: Annotated[str, typer.Option("--to", metavar="FORM", help="flat, hierarchical or 3.0.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="OUT", help="Write the genome here; - is standard output.")],
    as_json: AsJson = False,
) -> None:
    """Write a genome in another form: flat, hierarchical or 3.0.

    Nothing is lost: what the form cannot say is kept aside, and listed.

    flat: one key a gene, ids of six characters, as FEAGI 2.x writes it. hierarchical: one object an area.
    3.0: one key a gene, ids of eight bytes, as the newest FEAGI writes it.
    """
    if output == STDOUT and as_json:
        raise UsageError("U205", "the genome and the JSON answer would share standard output", where=output)
    if output != STDOUT:
        require_output(output, genome)
    from neurula.genome import genome_text, read_genome
    from neurula.genome.conversion import convert as convert_document
    from neurula.genome.conversion import form_of

    document = dict(read_genome(genome).document)
    before = form_of(document)
    conversion = convert_document(document, to)
    write_output(output, genome_text(conversion.document).encode("utf-8"))
    if as_json:
        remarks = problems_json(conversion.remarks)
        print_json({"output": output, "from": before, "to": to, "ids": dict(conversion.ids), "remarks": remarks})
        return
    warn_of(conversion.remarks)
    if output != STDOUT:
        renamed = f", {counted(len(conversion.ids), 'id')} rewritten" if conversion.ids else ""
        say(f"wrote {output}: {before} -> {to}{renamed}")
