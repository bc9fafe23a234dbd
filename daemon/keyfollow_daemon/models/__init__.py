"""Weights: what there is to download (`catalogue`), what is on this machine (`store`), and what may be loaded (`folder`)."""
