"""One definition, many languages: the image schema, the error codes and the burst kernels, and what is generated from them.

Runs at development time only. `python -m neurula_codegen` writes all generated files, `--check` compares them.
"""
