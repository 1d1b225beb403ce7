"""How hosts, boards and robots talk: links that carry bytes, frames on them, and one session over any of them."""
