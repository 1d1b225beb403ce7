"""Real boards, and emulated ones in their place: finding them, putting firmware and brains on them, talking to them."""
