"""One form of genome file into another, both ways without loss.

flat: FEAGI 2.x, a key a gene, ids of six characters, rules as arrays where these say it all. hierarchical: an object an
area. 3.0: a key a gene, ids of eight bytes in base64, rules as objects, the prescribed type letters. What a form has no
place for is kept aside in the document and comes back on the way back; the remarks say so.
"""

from neurula.genome.conversion.convert import FORMS, Conversion, convert, form_of

__all__ = ["FORMS", "Conversion", "convert", "form_of"]
